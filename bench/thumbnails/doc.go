// Thumbnails measures how photos become thumbnails: this project's code against
// sharp, the image library that most Node.js functions use. It prints a table of
// the CPU time and the memory that both take for the same photos, of the goals,
// and of how alike the thumbnails are.
//
//	go run ./bench/thumbnails [-rounds N] [-photos NAME,NAME] [-generate]
//
// It runs in the root of the module after make bench-thumbnails has installed
// sharp. The photos are drawn by this program and encoded by sharp, once, into
// bench/thumbnails/photos.
//
// Both sides are processes of their own that read the photo into memory, write
// JPEG of quality 80 with 4:2:0 chroma and run on one core. They take turns. The
// time is the CPU time of the whole process, user and system, in which the
// garbage collection of both runtimes falls; their start and a first, uncounted
// time are not in it. The memory is the largest resident set of a new process
// that makes the thumbnails once.
//
// The figures never decide about the exit code: it is 1 only if something fails
// to run.
package main
