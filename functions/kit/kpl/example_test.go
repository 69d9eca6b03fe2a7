package kpl_test

import (
	"fmt"

	"github.com/noidle/noidle/functions/kit/kpl"
)

// A producer sends two records as one; a function unpacks it. It need not know
// which of its records are aggregated.
func Example() {
	aggregated := kpl.Aggregate([]kpl.Record{
		{PartitionKey: "user-1", Data: []byte("first")},
		{PartitionKey: "user-2", Data: []byte("second")},
	})
	var posts [][]byte
	for _, data := range [][]byte{aggregated, []byte("third")} {
		posts = kpl.AppendData(posts, data)
	}
	fmt.Printf("%s\n", posts)
	// Output: [first second third]
}
