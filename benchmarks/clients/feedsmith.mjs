// Reads one feed twice with feedsmith, the second time with the validators of the first.
import { parseFeed } from 'feedsmith'

const url = process.argv[2]
const first = await fetch(url)
const { feed } = parseFeed(await first.text())
const second = await fetch(url, {
  headers: {
    'If-None-Match': first.headers.get('etag'),
    'If-Modified-Since': first.headers.get('last-modified'),
  },
})
await second.arrayBuffer()

const idOf = (item) => item.id ?? item.guid?.value ?? item.guid
const linkOf = (item) =>
  item.url ?? item.link ?? item.links?.find((one) => (one.rel ?? 'alternate') === 'alternate')?.href
const titleOf = (item) => item.title?.value ?? item.title
const items = feed.items ?? feed.entries
console.log(
  JSON.stringify(
    items.map((item) => ({ id: idOf(item), title: titleOf(item), link: linkOf(item) ?? null })),
  ),
)
