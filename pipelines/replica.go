package pipelines

import (
	"context"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
)

// ReplicaFolder holds, in nbuild's own folder of an input root, the packages that a step with
// `network = "snapshot"` finds served on its loopback. They are files as all that a step reads
// is, so the step's action names each by its digest.
const ReplicaFolder = "replica"

// replicaEnvironment leads clients of npm's registry to the replica, each by what it reads:
// npm, pnpm, yarn 1, yarn Berry and bun. What would only ask for what no replica knows is
// turned off.
var replicaEnvironment = map[string]string{
	"npm_config_registry":              catalogue.StepBase,
	"npm_config_replace_registry_host": "always", // addresses in lockfiles are of other registries
	"npm_config_audit":                 "false",
	"npm_config_fund":                  "false",
	"npm_config_update_notifier":       "false",
	"pnpm_config_registry":             catalogue.StepBase,
	"yarn_registry":                    catalogue.StepBase,
	"YARN_NPM_REGISTRY_SERVER":         catalogue.StepBase,
	"YARN_UNSAFE_HTTP_WHITELIST":       catalogue.StepHost,
	"YARN_ENABLE_TELEMETRY":            "0",
	"BUN_CONFIG_REGISTRY":              catalogue.StepBase,
}

// replica makes the files of the replica, once.
func (pl *planner) replica(ctx context.Context, s *Step) *Tree {
	if s.Network != "snapshot" || pl.World.Replica == nil || pl.err != nil {
		return nil
	}
	if pl.packagesServed == nil {
		t, err := pl.World.Replica(ctx)
		if ps := diag.All(err); len(ps) > 0 {
			pl.problems = append(pl.problems, ps...)
		} else if err != nil {
			pl.err = fmt.Errorf("planning the replica of the snapshot: %w", err)
		}
		pl.packagesServed = t
	}
	return pl.packagesServed
}
