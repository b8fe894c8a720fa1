/** Which kind of source a handle is; the values are shared with the core. */
export const Kind = {
  TcpListener: 0,
  TcpStream: 1,
  UdpSocket: 2,
  UnixListener: 3,
  UnixStream: 4,
  UnixDatagram: 5,
  Sender: 6,
  Receiver: 7,
  Borrowed: 8,
  NamedPipe: 9,
  Unbound: 10,
} as const

export type Kind = (typeof Kind)[keyof typeof Kind]
