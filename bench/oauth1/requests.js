// The requests that every candidate signs, and in whose name.
export const credentials = {
  clientId: 'dpf43f3p2l4k3l03dpf43f3p',
  clientSecret: 'kd94hf93k423kf44kd94hf93k423kf44kd94hf93',
  token: '370773112-nnch734d00sl2jdknnch734d00sl2jdk',
  tokenSecret: 'pfkkdhi9sl3r4s00pfkkdhi9sl3r4s00pfkkdhi9'
}

export const requests = {
  get: { method: 'GET', url: 'https://api.example.com/1.1/items.json?page=2&per_page=50' },
  form: {
    method: 'POST',
    url: 'https://api.example.com/1.1/items.json?include_entities=true',
    contentType: 'application/x-www-form-urlencoded',
    body: 'status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20request%21'
  }
}

/** The same form for those that take an object. */
export const form = { status: 'Hello Ladies + Gentlemen, a signed request!' }
