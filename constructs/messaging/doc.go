// Package messaging holds constructs around Amazon SQS: a queue that a function
// drains, and the dead-letter queue that keeps what could not be handled.
package messaging
