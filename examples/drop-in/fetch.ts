/**
 * `fetch` of Node, which takes no socket from anybody: the preload puts it on ours.
 * `node --import mio-js/register fetch.js URL…`; for `https:` with `MIO_JS_REGISTER=tls`.
 */
for (const url of process.argv.slice(2)) {
  const response = await fetch(url)
  const { byteLength } = await response.arrayBuffer()
  console.log(`${response.status} ${byteLength}`)
}
