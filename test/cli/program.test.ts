// The program: help, wrong commands, colours, secrets in texts of others.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Output, oneLine } from '../../lib/cli/output.js'
import { Secrets } from '../../lib/cli/secrets.js'
import { canaries, configFolder, runHere, runProgram } from '../fixtures/cli.js'
import { projectRoot } from '../fixtures/project.js'

t.test('help', async (t) => {
  const [none, whole] = [await runProgram(t, []), await runProgram(t, ['--help'])]
  t.equal(whole.code, 0)
  t.match(whole.stdout, /^Usage: fastify-oauth <command>/)
  t.equal(none.stdout, whole.stdout)
  for (const args of [['-h'], ['help']]) t.equal((await runHere(t, args)).stdout, whole.stdout)
  const page = readFileSync(join(projectRoot, 'docs/reference/cli.md'), 'utf8')
  for (const name of ['providers', 'doctor', 'login']) {
    const { code, stdout } = await runHere(t, [name, '--help'])
    t.equal(code, 0)
    t.equal((await runHere(t, [name, '-h'])).stdout, stdout)
    const options = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) => String(option))
    t.ok(options.includes('--json'))
    for (const option of options) t.match(page, `\`${option}`, `docs/reference/cli.md has ${option} of ${name}`)
  }
})

t.test('a wrong command ends with 2 and one line', async (t) => {
  const cases: Array<[string[], RegExp]> = [
    [['doctr'], /^fastify-oauth: there is no command doctr, did you mean doctor\?/],
    [['frobnicate'], /^fastify-oauth: there is no command frobnicate \(commands are/],
    [['toString'], /^fastify-oauth: there is no command toString/],
    [['--verbose'], /^fastify-oauth: there is no option --verbose/],
    [['doctor', '--clientsecret=canary-value'], /^fastify-oauth doctor: there is no option --clientsecret, did you mean --client-secret\?/],
    [['providers', '--frobnicate'], /^fastify-oauth providers: there is no option --frobnicate \(see fastify-oauth providers --help\)/],
    [['providers', '-x'], /there is no option -x/],
    [['providers', '--prefix'], /^fastify-oauth providers: option '--prefix <value>' argument missing \(see/],
    [['providers', '--json=yes'], /option '--json' does not take an argument/],
    [['providers', 'a', 'b'], /it takes one name, not 2/],
    [['login'], /^fastify-oauth login: it takes the name of a provider/],
    [['login', 'github'], /there is no client: give --client-id/],
    [['login', 'githbu', '--client-id', 'a'], /there is no entry githbu in the catalogue \(the nearest are github, .*\): give --issuer/],
    [['doctor', 'acme', '--client-id', 'a', '--extends', 'gitlabb'], /there is no entry gitlabb in the catalogue/],
    [['login', 'github', '--client-id', 'a', '--port', '99999'], /--port is not a whole number from 0 to 65535/],
    [['login', 'github', '--client-id', 'a', '--param', 'domain'], /--param is not of the form name=value/],
    [['login', 'github', '--client-id', 'a', '--client-secret', 'b', '--callback-url', 'https://app.example.com/cb'], /is not http on loopback/],
    [['login', 'github', '--client-id', 'a', '--client-secret', 'b', '--port', '3001', '--callback-url', 'http://localhost:3000/cb'], /--port is 3001, and the callback URL has 3000/],
    [['doctor', '--timeout', 'ten'], /--timeout is not a whole number/],
    [['doctor'], /there is no config module \.\/oauth\.config\.js/],
    [['doctor', '--config', 'x.js', '--client-id', 'a'], /--client-id and a config module cannot be given together/]
  ]
  for (const [args, line] of cases) {
    const { code, stdout, stderr } = await runHere(t, args, { env: { FASTIFY_OAUTH_CLIENT_ID: '' } })
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, line)
    t.equal(stderr.split('\n').length, 2, 'one line')
    t.notMatch(stderr, 'canary-value')
  }
  const { code, stderr } = await runProgram(t, ['providers', '--nope'])
  t.equal(code, 2)
  t.match(stderr, /^fastify-oauth providers: there is no option --nope/)
})

t.test('colours are for terminals, and NO_COLOR and JSON have none', async (t) => {
  t.match((await runHere(t, ['providers', 'github'], { isTTY: true })).stdout, '\u001b[1mGitHub\u001b[0m')
  for (const [args, env] of [[[], { NO_COLOR: '1' }], [[], { TERM: 'dumb' }], [['--json'], {}]] as const) {
    t.notMatch((await runHere(t, ['providers', 'github', ...args], { isTTY: true, env })).stdout, '\u001b')
  }
  t.match((await runHere(t, ['providers', 'github'], { isTTY: true, env: { NO_COLOR: '' } })).stdout, '\u001b[1m', 'an empty NO_COLOR is none')
})

t.test('texts of others neither start a line nor move the cursor', async (t) => {
  t.equal(oneLine('a\u001b[2Jb\nc\u202ed\u2028e\u0085f'), 'a [2Jb c d e f')
  const texts: string[] = []
  const stream = { write: (text: string) => texts.push(text) }
  new Output({ env: {}, stdout: stream, stderr: stream }, false).line('a\nb', ['c\rd', 'red'])
  t.strictSame(texts, ['a bc d\n'])
})

t.test('secrets are taken out of texts of others', async (t) => {
  const secrets = Secrets.of({ secret: ['first-secret', Buffer.from('second-secret')], providers: { a: { clientSecret: 'third', clientId: 'the-id', clientKey: { d: 'the-exponent' } } }, store: new Uint8Array(4) }, { DB_PASSWORD: 'of-the-env', PATH: '/bin', EMPTY_TOKEN: undefined })
  t.equal(secrets.hide(`first-secret second-secret ${Buffer.from('second-secret').toString('base64')} third the-id the-exponent of-the-env /bin`), '[secret] [secret] [secret] [secret] the-id [secret] [secret] /bin')
  t.equal(Secrets.ofEnvironment({ CS: 'kLmN0pQr/tUvWxYz', HEX: '0123456789abcdef0123456789abcdef', HOME: '/Users/someBody123456', NAME: 'a-name-of-something-long' }).hide('kLmN0pQr/tUvWxYz 0123456789abcdef0123456789abcdef /Users/someBody123456 a-name-of-something-long'), '[secret] [secret] /Users/someBody123456 a-name-of-something-long', 'by what they look like')
  t.equal(secrets.hide('redis://user:pass@host:6379/0'), 'redis://...@host:6379/0')
  t.equal(new Secrets(['abcd', 'abcdefgh', 'ab']).hide('ab abcdefgh abcd'), 'ab [secret] [secret]', 'the longest first, and none that is too short to be one')
  t.equal(new Secrets(['undefined', 'null']).hide('it is undefined'), 'it is undefined', 'what was not set is no secret')
  const ring: Record<string, unknown> = {}
  ring.secret = { ring }
  t.equal(Secrets.of(ring, {}).hide('text'), 'text', 'a ring ends')
})

t.test('a config module', async (t) => {
  const doctor = async (text: string, name?: string, args: string[] = ['--timeout', '1']) => runHere(t, ['doctor', ...(name === undefined ? [] : ['--config', name]), ...args], { cwd: configFolder(t, text, name) })
  const valid = '{ providers: {}, owner: () => "a" }'
  for (const text of [`export default ${valid}`, `export default async () => (${valid})`, `export default () => (${valid}); export const fastify = { trustProxy: true }`]) {
    t.equal((await doctor(text)).code, 0, text)
  }
  t.equal((await doctor(`module.exports = ${valid}`, 'plain.cjs')).code, 0)
  t.equal((await doctor(`Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${valid}`, 'compiled.cjs')).code, 0)
  const cases: Array<[string, RegExp]> = [
    ['export const options = {}', /the default export of \.\/oauth\.config\.js is not the options of the plugin/],
    ['export default []', /is not the options of the plugin/],
    [`throw new Error('no ' + ${JSON.stringify(canaries.OAUTH_SECRET)})`, /^fastify-oauth doctor: the config module \.\/oauth\.config\.js cannot be loaded: Error: no \[secret\]\n$/],
    ['export default async (app) => { await app.register() }', /the default export of \.\/oauth\.config\.js is a function with arguments, and is given none: export the options/],
    ['export default () => new Promise(() => {})', /was not loaded within 1 seconds/]
  ]
  for (const [text, line] of cases) {
    const { code, stderr } = await doctor(text)
    t.equal(code, 1)
    t.match(stderr, line)
  }
  const inTypeScript = await doctor('export default {}', 'oauth.config.coffee')
  t.equal(inTypeScript.code, 1)
  t.match(inTypeScript.stderr, /cannot be loaded: .*; it must be JavaScript: compile it first, or set NODE_OPTIONS="--import tsx" for TypeScript\n$/)
  const failed = await doctor('throw new Error("down")', undefined, ['--json'])
  t.equal(failed.code, 1)
  t.match(JSON.parse(failed.stdout), { error: { message: /down/ } })
})

t.test('a failure that nobody has thought of is one line too', async (t) => {
  const { code, stderr } = await runHere(t, ['doctor'], { cwd: configFolder(t, 'export default { get providers () { throw new TypeError("odd\\n" + process.env.NOTHING) } }') })
  t.equal(code, 1)
  t.equal(stderr, 'fastify-oauth doctor: TypeError: odd undefined\n')
})

t.test('login without fastify says so', async (t) => {
  const folder = configFolder(t, '')
  cpSync(join(projectRoot, 'dist/lib'), join(folder, 'lib'), { recursive: true })
  const packages = join(folder, 'node_modules')
  mkdirSync(join(packages, '@fastify'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const name of readdirSync(join(projectRoot, 'node_modules')).filter(name => !['.', '@'].includes(name.charAt(0)) && name !== 'fastify')) symlinkSync(join(projectRoot, 'node_modules', name), join(packages, name))
  for (const name of readdirSync(join(projectRoot, 'node_modules/@fastify'))) symlinkSync(join(projectRoot, 'node_modules/@fastify', name), join(packages, '@fastify', name))
  const file = join(folder, 'lib/cli/index.js')
  const { code, stderr } = await runProgram(t, ['login', 'github', '--client-id', 'a', '--client-secret', 'b'], { file })
  t.equal(code, 1)
  t.equal(stderr, 'fastify-oauth login: fastify is not installed here, and a login needs it: npm install fastify\n')
  t.equal((await runProgram(t, ['providers', 'github'], { file })).code, 0, 'nothing else needs it')
})
