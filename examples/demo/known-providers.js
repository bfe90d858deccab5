// Providers that join the demo's own when NAME_CLIENT_ID and NAME_CLIENT_SECRET are in the environment. Data, no code but
// the way from each one's userinfo to a profile.

/**
 * `title` is shown; `callbackHost` replaces localhost where the provider refuses that name; the rest are options of the
 * plugin. `userinfoUrl` is also what the demo calls as the API.
 */
export const knownProviders = {
  github: {
    title: 'GitHub',
    authorizeUrl: 'https://github.com/login/oauth/authorize',
    accessTokenUrl: 'https://github.com/login/oauth/access_token',
    userinfoUrl: 'https://api.github.com/user',
    apiBaseUrl: 'https://api.github.com/',
    clientAuth: 'client_secret_post',
    scope: ['read:user', 'user:email'],
    // Takes spaces as well, but answers with commas.
    quirks: { scopeDelimiter: ',' },
    profile: ({ id, name, login, email, avatar_url: picture }) => ({ id: String(id), name: name ?? login, email, picture })
  },
  google: {
    title: 'Google',
    issuer: 'https://accounts.google.com',
    userinfoUrl: 'https://openidconnect.googleapis.com/v1/userinfo',
    apiBaseUrl: 'https://www.googleapis.com/',
    apiOrigins: ['https://openidconnect.googleapis.com'],
    clientAuth: 'client_secret_post',
    scope: ['openid', 'email', 'profile'],
    // A refresh token comes for these two only.
    authorizeParams: { access_type: 'offline', prompt: 'consent' }
  },
  gitlab: {
    title: 'GitLab',
    authorizeUrl: 'https://gitlab.com/oauth/authorize',
    accessTokenUrl: 'https://gitlab.com/oauth/token',
    revocationUrl: 'https://gitlab.com/oauth/revoke',
    userinfoUrl: 'https://gitlab.com/api/v4/user',
    apiBaseUrl: 'https://gitlab.com/api/v4/',
    clientAuth: 'client_secret_post',
    scope: ['read_user'],
    profile: ({ id, name, username, email, avatar_url: picture }) => ({ id: String(id), name: name ?? username, email, picture })
  },
  discord: {
    title: 'Discord',
    authorizeUrl: 'https://discord.com/oauth2/authorize',
    accessTokenUrl: 'https://discord.com/api/oauth2/token',
    revocationUrl: 'https://discord.com/api/oauth2/token/revoke',
    userinfoUrl: 'https://discord.com/api/users/@me',
    apiBaseUrl: 'https://discord.com/api/',
    clientAuth: 'client_secret_post',
    scope: ['identify', 'email'],
    profile: ({ id, username, global_name: name, email, verified, avatar }) => ({
      id,
      name: name ?? username,
      email,
      emailVerified: verified === true,
      picture: avatar ? `https://cdn.discordapp.com/avatars/${id}/${avatar}.png` : undefined
    })
  },
  // Endpoints by hand: for the tenant "common" the discovered issuer is a template, which no id_token matches.
  microsoft: {
    title: 'Microsoft',
    authorizeUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    accessTokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    userinfoUrl: 'https://graph.microsoft.com/v1.0/me',
    apiBaseUrl: 'https://graph.microsoft.com/v1.0/',
    clientAuth: 'client_secret_post',
    scope: ['openid', 'profile', 'email', 'offline_access', 'User.Read'],
    profile: ({ id, displayName: name, mail, userPrincipalName }) => ({ id, name, email: mail ?? userPrincipalName })
  },
  spotify: {
    title: 'Spotify',
    authorizeUrl: 'https://accounts.spotify.com/authorize',
    accessTokenUrl: 'https://accounts.spotify.com/api/token',
    userinfoUrl: 'https://api.spotify.com/v1/me',
    apiBaseUrl: 'https://api.spotify.com/v1/',
    clientAuth: 'client_secret_post',
    scope: ['user-read-email'],
    callbackHost: '127.0.0.1',
    profile: ({ id, display_name: name, email, images }) => ({ id, name: name ?? id, email, picture: images?.[0]?.url })
  }
}
