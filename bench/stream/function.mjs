// A function that counts the hashtags of posts with JSON.parse, as a Node.js
// function does it: one regular expression, a Map for the counts, a Set against
// duplicates. At the end of a window it prints the counts. The loop below is what
// Lambda's runtime does: it parses the event and answers.
import http from 'node:http'

const hashtag = /(?<![\p{L}\p{M}\p{N}_])[#＃]([\p{L}\p{M}\p{N}\p{Extended_Pictographic}_·\u200c\u200d]+)/gu
let shard, counts, seen

async function handle(event) {
  if (event.shardId !== shard) {
    shard = event.shardId
    counts = new Map()
    seen = new Set()
  }
  for (const record of event.Records) {
    const post = JSON.parse(Buffer.from(record.kinesis.data, 'base64').toString('utf8'))
    if (seen.has(post.id)) continue
    seen.add(post.id)
    const window = Math.floor(Date.parse(post.createdAt) / 60000)
    const language = post.lang.split('-')[0].toLowerCase()
    const tags = new Set()
    for (const match of post.text.matchAll(hashtag)) tags.add(match[1].normalize('NFC').toLowerCase())
    for (const tag of tags) {
      const key = `${window} ${language} ${tag}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  if (event.isFinalInvokeForWindow) {
    const printed = {}
    for (const [key, count] of counts) printed[key.slice(key.indexOf(' ') + 1)] = count
    await new Promise(done => process.stdout.write(JSON.stringify(printed) + '\n', done))
  }
  return { state: {}, batchItemFailures: [] }
}

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function request(method, path, body) {
  return new Promise((resolve, reject) => {
    const call = http.request({ host, port, method, path: `/2018-06-01/runtime/${path}`, agent }, response => {
      const chunks = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

for (;;) {
  const { headers, body } = await request('GET', 'invocation/next')
  const id = headers['lambda-runtime-aws-request-id']
  await request('POST', `invocation/${id}/response`, JSON.stringify(await handle(JSON.parse(body))))
}
