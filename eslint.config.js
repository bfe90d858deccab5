import neostandard, { plugins } from 'neostandard'
import imports from './.ci/import-rules.js'

const moduleLet = {
  selector: ':matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind=/^(let|var)$/]',
  message: 'No state in a module: use const, and keep state in the closure of the plugin.'
}

const exportsOnly = {
  selector: 'Program > :not(ImportDeclaration, ExportNamedDeclaration[declaration=null], ExportAllDeclaration, ExportDefaultDeclaration[declaration.type="Identifier"])',
  message: 'A door holds exports only.'
}

const noCode = {
  selector: ':matches(Program, ExportNamedDeclaration) > :matches(VariableDeclaration, FunctionDeclaration, ClassDeclaration):not([declare=true])',
  message: 'types hold no code: it belongs in lib.'
}

const wholeTests = [
  {
    selector: 'CallExpression[callee.property.name=/^(skip|only|todo)$/]',
    message: 'A test is run or removed: no skip, only or todo.'
  },
  {
    selector: 'CallExpression:matches([callee.name="test"], [callee.property.name="test"]) > ObjectExpression > Property[key.name=/^(skip|only|todo)$/]',
    message: 'A test is run or removed: no skip, only or todo.'
  }
]

export default [
  { ignores: ['dist/', '.tap/', 'coverage/'] },
  ...neostandard({ ts: true, noJsx: true }),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' }
  },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/ban-ts-comment': ['error', {
        'ts-ignore': true,
        'ts-nocheck': true,
        'ts-expect-error': 'allow-with-description'
      }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error'
    }
  },
  {
    files: ['lib/**/*.ts'],
    plugins: { imports },
    rules: {
      'imports/cycle': 'error',
      'imports/lib': 'error',
      'no-restricted-syntax': ['error', moduleLet],
      // Full coverage means covered, not left out.
      'no-warning-comments': ['error', { terms: ['c8 ignore', 'v8 ignore', 'istanbul ignore'], location: 'anywhere' }]
    }
  },
  {
    files: ['lib/index.ts', 'lib/catalogue/providers.ts', 'lib/oauth1/index.ts', 'lib/testing/index.ts'],
    rules: { 'no-restricted-syntax': ['error', moduleLet, exportsOnly] }
  },
  {
    files: ['types/**/*.ts'],
    plugins: { imports },
    rules: {
      'imports/types': 'error',
      'no-restricted-syntax': ['error', noCode]
    }
  },
  {
    files: ['test/**/*.ts', 'test/**/*.js'],
    rules: { 'no-restricted-syntax': ['error', ...wholeTests] }
  }
]
