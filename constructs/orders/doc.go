// Package orders holds OrderQueue, the construct for backend order processing:
// orders come in over HTTP, wait in a queue, and are carried out step by step.
package orders
