package pin

import "testing"

func TestLastCore(t *testing.T) {
	tests := []struct{ name, status, want string }{
		{name: "one", status: "Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\n", want: "0"},
		{name: "range", status: "Cpus_allowed_list:\t0-15\n", want: "15"},
		{name: "list", status: "Cpus_allowed_list:\t0-3,8,12\n", want: "12"},
		{name: "none", status: "Name:\tthumbnails\n", want: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := lastCore(test.status); got != test.want {
				t.Errorf("core %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	if got, want := place([]string{"taskset", "-c", "3"}), "core 3"; got != want {
		t.Errorf("pinned: %q, want %q", got, want)
	}
	if got, want := place(nil), "any core (there is no taskset)"; got != want {
		t.Errorf("not pinned: %q, want %q", got, want)
	}
}
