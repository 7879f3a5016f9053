"""The pages of the dashboard: inputs, one call, output."""
