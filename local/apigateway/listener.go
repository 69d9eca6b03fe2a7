package apigateway

import (
	"bytes"
	"net"
)

// Listener returns a listener whose connections answer 400 to requests that
// net/http itself refuses with 501 or 505: a transfer encoding or a version that
// nobody knows is the client's fault, and API Gateway and CloudFront say so.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	return conn{connection}, err
}

type conn struct{ net.Conn }

const badRequest = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 25\r\nConnection: close\r\n\r\n{\"message\":\"Bad Request\"}"

// Write implements net.Conn.
func (c conn) Write(p []byte) (int, error) {
	if refusal(p) {
		_, err := c.Conn.Write([]byte(badRequest))
		return len(p), err
	}
	return c.Conn.Write(p)
}

// refusal says whether net/http itself answers: without a date, which the
// answers of a handler have.
func refusal(answer []byte) bool {
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 501 ")) && !bytes.HasPrefix(answer, []byte("HTTP/1.1 505 ")) {
		return false
	}
	return !bytes.Contains(answer, []byte("\r\nDate: "))
}
