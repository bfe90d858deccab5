// One candidate in a process of its own: signs batches of one request.
import { answer } from '../kit/processes.js'
import { requests } from './requests.js'

const [file, name] = process.argv.slice(2)
const { signer } = await import(`./candidates/${file}.js`)
const sign = signer(requests[name])

answer({
  usage: () => process.cpuUsage(),
  sample: () => sign(),
  batch (count) {
    let length = 0
    for (let done = 0; done < count; done++) length += sign().length
    return length
  }
})
