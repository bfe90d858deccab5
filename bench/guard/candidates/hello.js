// A route that has nothing to do with logins, in an application with nothing else.
export async function register (app) {
  app.get('/hello', async () => ({ hello: 'world' }))
}
