package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completion script of a shell",
		Long: `Print the script that teaches a shell to complete gtrace's commands, flags and
processes.

EXIT STATUS
  0    the script was printed
  2    wrong usage`,
		Example: `  source <(gtrace completion bash)
  gtrace completion zsh > "${fpath[1]}/_gtrace"
  gtrace completion fish > ~/.config/fish/completions/gtrace.fish`,
		Args:      needArgs(1, 1, "the name of a shell"),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			return usage(withHint(fmt.Errorf("completion: unknown shell %q", args[0]), "gtrace completion bash"))
		},
	}
}
