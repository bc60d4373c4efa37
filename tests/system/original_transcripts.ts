/**
 * What the clients of the original showed: ChatAppUDP, README.md, "Test Cases". Left out are the lines of the
 * shell and one that its log wrote to the screen; a table that was printed into the middle of a typed line
 * stands behind it.
 * @module
 */
export const ORIGINAL = {
  test1: {
    x: `Client IP->192.168.1.33 Port->3001
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
send y MSG x->y
[Message received by y.]
>>> send z MSG x->z
[Message received by z.]
>>> y: MSG y->x
z: MSG z->x
dereg x
[You are Offline. Bye.]
>>> reg x
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
SERVER: [You have messages]
>>> y: 2022-03-22 21:35:12.521290 MSG post-dereg from y
z: 2022-03-22 21:35:18.579111 MSG post-dereg from z
^C[Exiting]`,
    y: `Client IP->192.168.1.33 Port->3002
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
x: MSG x->y
send x MSG y->x
[Message received by x.]
>>> send z MSG y->z
[Message received by z.]
>>> z: MSG z->y
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
send x MSG post-dereg from y
[Message received by SERVER.]
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
SERVER: [Message received by the server and saved]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
^C[Exiting]`,
    z: `Client IP->192.168.1.33 Port->3003
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
>>> x: MSG x->z
y: MSG y->z
send x MSG z->x
[Message received by x.]
>>> send y MSG z->y
[Message received by y.]
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
send x MSG post-dereg from z
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
[Message received by SERVER.]
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is OFFLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
SERVER: [Message received by the server and saved]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
^C[Exiting]`,
  },
  test2: {
    x: `Client IP->192.168.1.33 Port->3001
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is OFFLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is OFFLINE
send y MSG post-exit server
[Server not responding.]
[Exiting.]`,
    y: `Client IP->192.168.1.33 Port->3002
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
>>> dereg y
[You are Offline. Bye.]
>>>`,
  },
  test3: {
    x: `Client IP->192.168.1.33 Port->3001
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
send_all Broadcast message x->y, z
>>>`,
    y: `Client IP->192.168.1.33 Port->3002
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
>>> [Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
[Channel_Message x: Broadcast message x->y, z]`,
    z: `Client IP->192.168.1.33 Port->3003
Server IP->127.0.0.1 Port->9999
SERVER: [Welcome, you are registered.]
[Client table updated.]
SERVER @ 127.0.0.1:9999 is ONLINE
x @ 192.168.1.33:3001 is ONLINE
y @ 192.168.1.33:3002 is ONLINE
z @ 192.168.1.33:3003 is ONLINE
>>> [Channel_Message x: Broadcast message x->y, z]`,
  },
};
