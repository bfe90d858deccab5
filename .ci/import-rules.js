// ESLint rules for who may import whom. The tables are the architecture; the rest reads imports and compares.
import { readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

const direction = 'imports go one way: cli → plugin → web → provider, registry → oauth1 | oauth2 | oidc → http; web → grants'
const providers = ['registry', 'tenants', 'place', 'provider', 'protocol', 'login-start', 'client-key', 'oauth1', 'oauth2', 'oidc', 'http', 'errors', 'options', 'nearest']

// Part of lib → the other parts it may import. A part is a folder of lib, or a file beside them.
const parts = {
  errors: [],
  random: [],
  place: [],
  catalogue: [],
  nearest: [],
  'json-pointer': [],
  'client-key': [],
  options: ['catalogue', 'nearest', 'errors', 'client-key'],
  http: ['errors', 'json-pointer'],
  oauth1: ['http', 'errors', 'random', 'client-key'],
  oidc: ['http', 'errors', 'json-pointer'],
  oauth2: ['oidc', 'http', 'errors', 'random', 'client-key', 'json-pointer', 'catalogue'],
  grants: ['errors', 'random', 'place'],
  'store-tests': [],
  'login-start': ['oauth1', 'oauth2', 'options'],
  protocol: ['login-start', 'oauth2', 'oidc', 'http'],
  provider: providers,
  tenants: providers,
  registration: ['provider', 'client-key', 'errors', 'options'],
  registry: ['registration', ...providers],
  web: ['provider', 'registry', 'tenants', 'place', 'login-start', 'grants', 'http', 'errors', 'options', 'catalogue'],
  testing: ['oauth1', 'options', 'errors'],
  plugin: ['web', 'grants', ...providers],
  index: ['plugin', 'web', 'grants', ...providers],
  cli: ['plugin', 'catalogue', 'oauth2', 'http', 'errors', 'options', 'nearest']
}

// Package → the parts of lib that may import it, types included.
const packages = {
  undici: ['http', 'testing'],
  oauth4webapi: ['oauth2', 'oidc'],
  jose: ['oauth2', 'oidc', 'testing'],
  valibot: ['options'],
  '@fastify/error': ['errors'],
  // web, plugin and index extend the application that registers them. testing and cli make one of their own: the fake provider's server, and what
  // lives for one login at the command line.
  fastify: ['web', 'plugin', 'index', 'testing', 'cli'],
  'fastify-plugin': ['web', 'plugin', 'index'],
  '@fastify/*': ['web', 'plugin', 'index']
}

const packagesOfTypes = ['fastify', 'undici', '@fastify/error']

const libRule = {
  meta: { type: 'problem', schema: [] },
  create (context) {
    const file = pathIn(context.cwd, context.filename)
    const part = partOf(file)
    return visitImports(({ node, source, typeOnly }) => {
      const problem = checkLibImport({ file, part, source, typeOnly })
      if (problem) context.report({ node, message: `${file} may not import '${source}': ${problem}.` })
    })
  }
}

const typesRule = {
  meta: { type: 'problem', schema: [] },
  create (context) {
    const file = pathIn(context.cwd, context.filename)
    return visitImports(({ node, source, typeOnly }) => {
      const allowed = source.startsWith('.')
        ? resolveFrom(file, source).startsWith('types/')
        : source.startsWith('node:') || packagesOfTypes.includes(packageOf(source))
      if (!allowed) {
        context.report({ node, message: `${file} may not import '${source}': types may import only each other, node: and ${packagesOfTypes.join(', ')}.` })
      } else if (!typeOnly) {
        context.report({ node, message: `${file} must say 'import type' or 'export type' for '${source}': types hold no code.` })
      }
    })
  }
}

const cycleRule = {
  meta: { type: 'problem', schema: [] },
  create (context) {
    const file = pathIn(context.cwd, context.filename)
    return visitImports(({ node, source }) => {
      if (!source.startsWith('.')) return
      const cycle = findPath(context.cwd, resolveFrom(file, source), file)
      if (cycle) context.report({ node, message: `Circular import: ${[file, ...cycle].join(' → ')}.` })
    })
  }
}

export default { rules: { lib: libRule, types: typesRule, cycle: cycleRule } }

function checkLibImport ({ file, part, source, typeOnly }) {
  if (parts[part] === undefined) return `'${part}' has no line in the table of .ci/import-rules.js`
  if (!source.startsWith('.')) return checkPackage(part, source)

  const target = resolveFrom(file, source)
  if (target.startsWith('types/')) return typeOnly ? null : "use 'import type', types hold no code"
  if (!target.startsWith('lib/')) return 'it is outside lib and types'
  const other = partOf(target)
  if (other === part || parts[part].includes(other)) return null
  const allowed = parts[part].filter((name) => name !== part).join(', ') || 'nothing else of lib'
  return `'${part}' may import ${allowed}; ${direction}`
}

function checkPackage (part, source) {
  if (source.startsWith('node:')) return null
  if (isBuiltin(source)) return `write 'node:${source}'`
  const name = packageOf(source)
  const allowed = packages[name] ?? packages[name.replace(/\/.*$/, '/*')]
  if (allowed === undefined) return `the package '${name}' has no line in the table of .ci/import-rules.js`
  if (allowed.includes(part)) return null
  return `the package '${name}' belongs to ${allowed.map((name) => `'${name}'`).join(', ')} alone, its types too`
}

// Every way to name a module: import, export … from, import(), import type, import x = require(), require().
function visitImports (check) {
  const visit = (node, source, typeOnly) => {
    if (typeof source?.value === 'string') check({ node, source: source.value, typeOnly })
  }
  return {
    ImportDeclaration: (node) => visit(node, node.source, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => visit(node, node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => visit(node, node.source, node.exportKind === 'type'),
    ImportExpression: (node) => visit(node, node.source, false),
    TSImportType: (node) => visit(node, node.source ?? node.argument?.literal, true),
    TSExternalModuleReference: (node) => visit(node, node.expression, node.parent.importKind === 'type'),
    'CallExpression[callee.name="require"]': (node) => visit(node, node.arguments[0], false)
  }
}

// The shortest way back from one file to another through relative imports, or null.
function findPath (root, from, to) {
  const queue = [[from]]
  const seen = new Set([from])
  for (const path of queue) {
    const last = path[path.length - 1]
    if (last === to) return path
    for (const next of importsOf(root, last)) {
      if (seen.has(next)) continue
      seen.add(next)
      queue.push([...path, next])
    }
  }
  return null
}

const known = new Map()

function importsOf (root, file) {
  const full = join(root, file)
  const changed = statSync(full, { throwIfNoEntry: false })?.mtimeMs
  if (changed === undefined) return []
  if (known.get(full)?.changed !== changed) {
    const imports = ts.preProcessFile(readFileSync(full, 'utf8')).importedFiles
      .map(({ fileName }) => fileName)
      .filter((source) => source.startsWith('.'))
      .map((source) => resolveFrom(file, source))
    known.set(full, { changed, imports })
  }
  return known.get(full).imports
}

function partOf (file) {
  const [first] = file.replace(/^lib\//, '').split('/')
  const name = first.replace(/\.ts$/, '')
  return name.startsWith('options') ? 'options' : name
}

function packageOf (source) {
  return source.split('/').slice(0, source.startsWith('@') ? 2 : 1).join('/')
}

// A relative import names the compiled file; the source beside it ends in .ts.
function resolveFrom (file, source) {
  return pathIn(resolve('/'), resolve('/', dirname(file), source)).replace(/\.js$/, '.ts')
}

function pathIn (root, path) {
  return relative(root, path).split(sep).join('/')
}
