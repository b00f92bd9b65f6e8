// A peer for measurements: grpc-gateway before the persona service. Made by bench/grpc_gateway.py,
// which generates the package below from our protos.
//
//	grpc-gateway-peer <host:port of the persona service>
//
// Prints {"event":"listening","protocol":"http","address":"127.0.0.1:43121"} on standard error.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	persona "dramatis.bench/grpc_gateway/gen/dramatis/persona/v1"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: grpc-gateway-peer <host:port of the persona service>")
	}
	mux := runtime.NewServeMux()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := persona.RegisterPersonaServiceHandlerFromEndpoint(
		context.Background(), mux, os.Args[1], options); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "{\"event\":\"listening\",\"protocol\":\"http\",\"address\":\"%s\"}\n",
		listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
