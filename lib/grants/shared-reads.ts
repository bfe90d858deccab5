// Many requests that ask the store the same at the same time ask once. None is given an answer to a question that was put
// before it came, for it would miss what was written since: it joins the next one, which follows when that answer is here.

// An answer that takes longer, in milliseconds, is not waited for with the next question.
const patience = 500

export class SharedReads<T> {
  readonly #begun = new Map<string, Promise<T>>()
  readonly #next = new Map<string, Promise<T>>()

  /** What `read` answers. It is called with this call, or after it; for all who come before it is called, once. */
  get (id: string, read: () => Promise<T>): Promise<T> {
    const next = this.#next.get(id)
    if (next !== undefined) return next
    const begun = this.#begun.get(id)
    return begun === undefined ? this.#begin(id, read) : this.#follow(id, begun, read)
  }

  #follow (id: string, begun: Promise<T>, read: () => Promise<T>): Promise<T> {
    const next = over(begun).then(() => {
      this.#next.delete(id)
      return this.#begin(id, read)
    })
    this.#next.set(id, next)
    return next
  }

  #begin (id: string, read: () => Promise<T>): Promise<T> {
    const answer = read()
    this.#begun.set(id, answer)
    const end = () => { if (this.#begun.get(id) === answer) this.#begun.delete(id) }
    answer.then(end, end)
    return answer
  }
}

function over (work: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, patience)
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    work.then(end, end)
  })
}
