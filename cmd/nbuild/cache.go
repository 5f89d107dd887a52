package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/cache"
)

func (a *app) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cache", Short: "Show, verify or prune the store",
		Long: `The store keeps every artefact, layer and result by its SHA-256. It stands in
NBUILD_STORE, else in nbuild in the user's cache folder, and any number of
builds may share it.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(&cobra.Command{
		Use: "show", Short: "Count what the store holds", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.cacheReport(func(h machine.Host) (cache.Report, error) { return cache.Show(cmd.Context(), h) })
		},
	})
	var repair bool
	verify := &cobra.Command{
		Use: "verify", Short: "Read every blob and name those that are damaged (exit 11)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.cacheReport(func(h machine.Host) (cache.Report, error) { return cache.Verify(cmd.Context(), h, repair) })
		},
	}
	verify.Flags().BoolVar(&repair, "repair", false, "remove what is damaged")
	var keep string
	prune := &cobra.Command{
		Use: "prune", Short: "Remove what was not used for longest", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			size, err := parseSize(keep)
			if err != nil {
				return err
			}
			return a.cacheReport(func(h machine.Host) (cache.Report, error) { return cache.Prune(cmd.Context(), h, size) })
		},
	}
	prune.Flags().StringVar(&keep, "keep", "10GiB", "how `much` to keep, 0 for only what running builds hold")
	cmd.AddCommand(verify, prune)
	return cmd
}

func (a *app) cacheReport(do func(machine.Host) (cache.Report, error)) error {
	host, err := a.host()
	if err != nil {
		return err
	}
	r, err := do(host)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%s%s\n%s\n%d in use by running builds\n",
		r.Dir, diag.Count(r.Blobs, "blob"), sizeSuffix(r.BlobBytes), diag.Count(r.Results, "result"), r.Leases)
	if r.Trees > 0 {
		text += fmt.Sprintf("%s laid out for steps%s\n", diag.Count(r.Trees, "tree"), sizeSuffix(r.TreeBytes))
	}
	if r.Failed > 0 {
		text += fmt.Sprintf("%s that failed left files%s\n", diag.Count(r.Failed, "step"), sizeSuffix(r.FailedBytes))
	}
	if r.Leftovers > 0 {
		text += fmt.Sprintf("removed %s of killed runs%s\n", diag.Count(r.Leftovers, "leftover"), sizeSuffix(r.LeftoverSize))
	}
	for _, d := range r.Corrupt {
		text += "removed, damaged: " + d + "\n"
	}
	if r.PrunedBlobs+r.PrunedTrees > 0 {
		trees := ""
		if r.PrunedTrees > 0 {
			trees = " and " + diag.Count(r.PrunedTrees, "tree")
		}
		text += fmt.Sprintf("pruned %s%s%s\n", diag.Count(r.PrunedBlobs, "blob"), trees, sizeSuffix(r.PrunedBytes))
	}
	return a.answer(r, text)
}

// parseSize reads a size in bytes: a whole number, or one with KiB, MiB or GiB.
func parseSize(s string) (int64, error) {
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return 0, usage(fmt.Sprintf("%q is no size", s), "write it as 500MiB or 10GiB")
	}
	return n << shift, nil
}
