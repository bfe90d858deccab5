// Imports oidc-provider without its start-up notice about Node.js 20, which the demo supports on purpose.

export async function loadProviderClass () {
  // oidc-provider calls URL.parse, which came with Node.js 22 and only later reached 20.
  URL.parse ??= (input, base) => URL.canParse(input, base) ? new URL(input, base) : null

  const { warn } = console
  console.warn = (...args) => {
    if (!String(args[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn.apply(console, args)
  }
  try {
    const { Provider } = await import('oidc-provider')
    return Provider
  } finally {
    console.warn = warn
  }
}
