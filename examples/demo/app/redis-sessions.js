// Sessions of @fastify/session in Redis, so that any process of the demo can serve any request.

export class RedisSessions {
  #client
  #prefix

  /** @param {{ client: import('ioredis').Redis, prefix: string }} options */
  constructor ({ client, prefix }) {
    this.#client = client
    this.#prefix = prefix
  }

  set (id, session, done) {
    const left = session.cookie?.expires ? new Date(session.cookie.expires).getTime() - Date.now() : hour
    this.#client.set(this.#keyOf(id), JSON.stringify(session), 'PX', Math.max(1, Math.ceil(left))).then(() => done(), done)
  }

  get (id, done) {
    this.#client.get(this.#keyOf(id)).then(text => done(null, text === null ? null : JSON.parse(text)), done)
  }

  destroy (id, done) {
    this.#client.del(this.#keyOf(id)).then(() => done(), done)
  }

  #keyOf (id) {
    return `${this.#prefix}session:${id}`
  }
}

const hour = 3_600_000
