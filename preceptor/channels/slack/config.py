"""What the Slack app is made of; the manifests in deploy/slack/ declare the same."""

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
)
"""What the advisor asks a workspace for; docs/slack.md says why it needs each."""

BOT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
COMMAND = "/preceptor"
SHORTCUT = "ask_preceptor"
