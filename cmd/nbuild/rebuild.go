package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/rebuild"
)

func (a *app) rebuildCommand() *cobra.Command {
	var o rebuild.Options
	var date string
	cmd := &cobra.Command{
		Use: "rebuild [IMAGE]", Short: "Build again, perturbed, and compare every byte",
		Long: `Builds the project, and then once more: with nothing from the cache of results, and
with everything else than the inputs another that can be. Outputs of steps and images
are compared byte by byte, and what differs is shown by step and file, or by layer and
file, with the first region that differs (exit 12).

What was another: the number of processors, how many steps run at once, the order in
which folders list what is in them, process numbers, addresses in memory, the user, umask,
paths, language and time zone of the host. The answer says for each whether steps could
see it, or whether the sandbox keeps it from them. The clock has gone on; --date gives
steps another date, by the library libfaketime of Debian, which has to be among the packages
of their base.

A step that says why it is unreproducible is shown and does not count; what stands on it
reads what it made first.

An IMAGE is made again from its provenance alone: its source at its commit, its nbuild.lock,
its variables and its date. The source is cloned from where provenance says, or from
--source. With --trust the provenance has to be signed by members of the trust file; else
nobody vouches for where the source is. --attest signs that the very image came out again
(rebuild/v1), and attaches it to the image: a trust file can require it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			if date != "" {
				if o.Date, err = time.Parse(time.DateOnly, date); err != nil {
					return usage("--date takes a day", "write one such as `--date 2031-02-03`")
				}
			}
			switch {
			case len(args) == 1:
				o.Reference = args[0]
			case o.Attest:
				return usage("--attest takes an image", "name it: `nbuild rebuild IMAGE --source DIR --attest --key KEY`")
			}
			if o.Attest && o.Key == "" {
				return usage("--attest takes a key", "name one that `nbuild keygen` wrote: --key FILE")
			}
			o.Program, o.Errors, o.Password = self, a.stderr, a.password
			r, err := rebuild.Run(cmd.Context(), host, o)
			if r == nil {
				return err
			}
			if sayErr := a.answer(r, r.Text()); sayErr != nil {
				return sayErr
			}
			if a.json {
				return shownBefore(err)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&date, "date", "", "tell steps that it is this `day`, as 2031-02-03")
	f.StringVar(&o.Source, "source", "", "the `dir` of a clone that has the image's commit")
	f.BoolVar(&o.Attest, "attest", false, "sign that the image came out again, and attach it")
	f.StringVar(&o.Key, "key", "", "the private `key` that signs")
	f.StringVar(&o.Environment, "environment", "", "the `name` of the environment whose members count")
	trustFlags(f, &o.Trust)
	return cmd
}

// self is this very program, whatever becomes of its file.
const self = "/proc/self/exe"

// anewCommand is the second process of rebuild. Nobody else calls it.
func (a *app) anewCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rebuild-anew", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			return rebuild.Anew(cmd.Context(), host, a.stdin, a.stdout)
		},
	}
}
