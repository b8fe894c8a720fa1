/** `mqtt`: a client is made with what opens its connections. `MQTT_URL` says where. */
import { connect } from 'mio-js/net'
import { MqttClient } from 'mqtt'

const { hostname, port, username, password } = new URL(
  process.env['MQTT_URL'] ?? 'mqtt://127.0.0.1:1883',
)
const client = new MqttClient(() => connect(Number(port || 1883), hostname), {
  protocolVersion: 5,
  username,
  password,
})
client.on('message', (topic, payload) => {
  console.log(`${topic}: ${payload.toString()}`)
  client.end()
})
await client.subscribeAsync('greetings')
await client.publishAsync('greetings', 'hello', { qos: 1 })
