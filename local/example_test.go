package local_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// A test runs what cdk synth wrote and lets time pass as it likes.
func ExampleStart() {
	clock := clockwork.NewFakeClock()
	cloud, err := local.Start("cdk.out", local.Options{Clock: clock, Chaos: 0.05, Seed: 1})
	if err != nil {
		log.Print(err) // everything in the assembly that is not supported
		return
	}
	defer cloud.Close()

	response, err := http.Get(cloud.Outputs()["NoidleOrders"]["OrdersUrl"])
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(response.Status)
}
