// One line for each test file, and every failure in full. Reads the TAP of the whole run.
import { relative } from 'node:path'
import { Transform } from 'node:stream'
import { inspect } from 'node:util'
import { Parser } from 'tap-parser'

// Shown in a form of their own, or the same for every file.
const leftOut = new Set(['at', 'stack', 'diff', 'source', 'compare', 'args', 'command', 'cwd', 'externalID', 'jobId', 'stdio'])

export default class Reporter extends Transform {
  #parser = new Parser()
  #files = new Map()
  #passed = 0
  #failed = 0
  #output = []

  constructor () {
    super({ encoding: 'utf8' })
    this.#parser.on('extra', (text) => this.#output.push(text))
    this.#parser.on('child', (child) => this.#readFile(child))
    this.#parser.on('assert', (result) => this.#endFile(result))
    this.#parser.on('bailout', (reason) => {
      this.#failed++
      this.#print(`FAIL  Bailed out: ${reason}`)
    })
  }

  _transform (chunk, _encoding, done) {
    this.#parser.write(chunk)
    done()
  }

  _flush (done) {
    this.#parser.end()
    // test/run.js reads this line.
    this.#print(`\n# assertions: ${this.#passed} ok, ${this.#failed} not ok`)
    done()
  }

  #print (text) {
    this.push(`${text}\n`)
  }

  #readFile (parser) {
    const file = { passed: 0, failures: [] }
    this.#files.set(parser.name, file)
    this.#readTest(parser, file, [])
  }

  // A subtest is summed up by one more result after it, which counts only when it fails for a reason of its own:
  // a timeout, a plan that was not kept.
  #readTest (parser, file, path) {
    let subtest = null
    parser.on('child', (child) => {
      subtest = { name: child.name, failuresBefore: file.failures.length }
      this.#readTest(child, file, [...path, child.name])
    })
    parser.on('assert', (result) => {
      const summary = subtest !== null && subtest.name === result.name ? subtest : null
      subtest = null
      if (failed(result)) {
        if (summary && file.failures.length > summary.failuresBefore) return
        file.failures.push({ path: [...path, result.name], result })
      } else if (!summary) {
        file.passed++
      }
    })
  }

  #endFile (result) {
    const file = this.#files.get(result.name) ?? { passed: 0, failures: [] }
    // What the file printed besides its results; files come one after the other.
    const output = this.#output.splice(0).join('').replace(/^ {4}/gm, '').trimEnd()
    // A file that ended before its first test, or with an exit code of its own.
    if (failed(result) && file.failures.length === 0) file.failures.push({ path: [], result })
    this.#passed += file.passed
    this.#failed += file.failures.length

    const name = sourceOf(result.name)
    const time = result.time === null ? '' : ` ${Math.round(result.time)} ms`
    if (file.failures.length === 0) {
      this.#print(`ok    ${name}: ${file.passed} assertions${time}`)
      return
    }
    this.#print(`FAIL  ${name}: ${file.failures.length} of ${file.passed + file.failures.length} assertions failed${time}`)
    for (const failure of file.failures) this.#print(indent(describe(name, failure), 2))
    if (output) this.#print(indent(`\noutput:\n${indent(output, 2)}`, 2))
    this.#print('')
  }
}

// A test that was skipped or left to do has not passed.
function failed (result) {
  return !result.ok || Boolean(result.skip) || Boolean(result.todo)
}

function describe (file, { path, result }) {
  const diag = result.diag ?? {}
  const at = diag.at?.fileName ? `${diag.at.fileName}:${diag.at.lineNumber}:${diag.at.columnNumber}` : null
  const details = Object.entries(diag).filter(([key, value]) => !leftOut.has(key) && value !== null)
  const lines = ['', `✗ ${[file, ...path].join(' › ')}`]
  if (at) lines.push(indent(`at ${at}`, 2))
  if (diag.source) lines.push(indent(diag.source.trimEnd(), 4))
  if (diag.diff) lines.push(indent(diag.diff.trimEnd(), 2))
  for (const [key, value] of details) lines.push(indent(`${key}: ${show(value)}`, 2))
  if (diag.stack) lines.push(indent(`stack:\n${indent(diag.stack.trimEnd(), 2)}`, 2))
  return lines.join('\n')
}

function show (value) {
  return typeof value === 'string' ? value : inspect(value, { depth: 6, breakLength: 100 })
}

function sourceOf (name) {
  return relative('dist', name).replaceAll('\\', '/').replace(/\.js$/, '.ts')
}

function indent (text, width) {
  return text.replace(/^(?=.)/gm, ' '.repeat(width))
}
