// A token endpoint that answers a token of the application, which then tells whose a code is: WeCom's way.

/** Where that is asked: `{accessToken}` and `{code}` of the address filled. */
export function userUrl (template: string, { accessToken, code }: { accessToken: string, code: string }): URL {
  const values: Record<string, string> = { accessToken, code }
  return new URL(template.replace(/\{(accessToken|code)\}/g, (_whole, name: string) => encodeURIComponent(String(values[name]))))
}

/** Both answers as that of a token endpoint: whose the code is, with the token. */
export function asTokenAnswer (user: Record<string, unknown>, { access_token: accessToken, expires_in: expiresIn }: Record<string, unknown>): Record<string, unknown> {
  return { ...user, access_token: accessToken, expires_in: expiresIn }
}
