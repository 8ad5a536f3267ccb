// Check-files reads Dockerfiles with BuildKit's own parser, and compose files with compose's, and prints
// what they complain of: check-files FILE...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// images knows nothing of any image but that it is there.
type images struct{}

func (images) ResolveImageConfig(
	_ context.Context, ref string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{
		Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
	})
	return ref, digest.FromBytes(config), config, err
}

func main() {
	failed := false
	for _, name := range os.Args[1:] {
		check := dockerfile
		if filepath.Ext(name) == ".yaml" {
			check = compose
		}
		if err := check(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func dockerfile(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var told []string
	options := dockerfile2llb.ConvertOpt{
		MetaResolver: images{},
		AllStages:    true,
		Warn: func(rule, _, _, message string, _ []parser.Range) {
			told = append(told, rule+": "+message)
		},
	}
	if _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), data, options); err != nil {
		return err
	}
	if len(told) > 0 {
		return errors.New(strings.Join(told, "; "))
	}
	return nil
}

func compose(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	details := types.ConfigDetails{
		WorkingDir:  filepath.Dir(name),
		ConfigFiles: []types.ConfigFile{{Filename: name, Content: data}},
	}
	_, err = loader.LoadWithContext(context.Background(), details, func(options *loader.Options) {
		options.SetProjectName("recipe", true)
	})
	return err
}
