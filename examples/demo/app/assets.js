// The three files of the page.
import { readFile } from 'node:fs/promises'

const files = { 'style.css': 'text/css', 'page.js': 'text/javascript', 'page-parts.js': 'text/javascript' }

export async function registerAssets (app) {
  for (const [name, type] of Object.entries(files)) {
    const text = await readFile(new URL(`../${name}`, import.meta.url), 'utf8')
    app.get(`/${name}`, (request, reply) => reply.type(`${type}; charset=utf-8`).send(text))
  }
}
