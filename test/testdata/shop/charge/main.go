// Command charge stands for a step of the shop.
package main

func main() {}
