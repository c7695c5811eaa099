// Reads one feed twice with rss-parser, the second time with the validators of the first.
import Parser from 'rss-parser'

const url = process.argv[2]
const { items } = await new Parser().parseURL(url)
// The parser asks for no encoding, and each encoding has a tag of its own.
const head = await fetch(url, { method: 'HEAD', headers: { 'Accept-Encoding': 'identity' } })
const headers = { 'If-None-Match': head.headers.get('etag') }
try {
  await new Parser({ headers }).parseURL(url)
} catch (error) {
  // It knows no 304: the status is all that it says.
  if (!String(error).includes('304')) throw error
}
console.log(
  JSON.stringify(
    items.map((item) => ({ id: item.id ?? item.guid, title: item.title, link: item.link ?? null })),
  ),
)
// After an error it holds its connection open.
process.exit(0)
