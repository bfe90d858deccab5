// Every test covers the whole of lib, and nothing else counts.
export default () => 'dist/lib/**/*.js'
