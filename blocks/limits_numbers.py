"""Slack's numbers, each with where it is written.

Pages named below are under https://docs.slack.dev/reference/block-kit/ unless a full address or an issue
(owner/repo#number) is given. Lengths are in characters unless the name says bytes.
"""

from __future__ import annotations

from typing import Final

# Messages
MESSAGE_BLOCKS: Final = 50  # blocks ("Block Kit limits")
MESSAGE_ATTACHMENTS: Final = 100  # reference/methods/chat.postMessage, too_many_attachments
MESSAGE_TEXT: Final = 40_000  # reference/methods/chat.postMessage#truncating: longer text is cut, not refused
#: `chat.update` refuses a longer `text` with msg_too_long, counted in UTF-8 after `&`, `<`, `>` are escaped
#: (seratch/ChatGPT-in-Slack#102; gitlab.com/gitlab-org/gitlab/-/merge_requests/258898).
UPDATED_TEXT_BYTES: Final = 4_000
#: Above this a post is refused with msg_blocks_too_long, which no page says (slackapi/bolt-js#2509, #2867).
MESSAGE_CHARACTERS_REFUSED: Final = 13_200
#: Our own budget for `characters_of_blocks`, under the undocumented one above.
MESSAGE_CHARACTERS: Final = 12_000
#: What one block costs besides its text: a lone divider moved the threshold by 125 (slackapi/bolt-js#2509),
#: and 11,341 characters spread over many blocks were refused (slackapi/bolt-js#2867).
BLOCK_CONTAINER: Final = 125
METADATA_EVENT_TYPE: Final = 255  # no page gives one; the length of every other identifier of Slack's
METADATA_BYTES: Final = 16_384  # metadata_too_large exists, its size is undocumented: our own bound

# Views
VIEW_BLOCKS: Final = 100  # blocks ("Block Kit limits"); docs.slack.dev/surfaces/modals
VIEW_TITLE: Final = 24  # docs.slack.dev/reference/views/modal-views; `submit` and `close` alike
PRIVATE_METADATA: Final = 3_000  # docs.slack.dev/reference/views/modal-views
CALLBACK_ID: Final = 255  # docs.slack.dev/reference/views/modal-views
EXTERNAL_ID: Final = 255  # docs.slack.dev/reference/views/modal-views
VIEW_STACK: Final = 3  # docs.slack.dev/surfaces/modals#push

# Blocks
BLOCK_ID: Final = 255  # blocks
SECTION_TEXT: Final = 3_000  # blocks/section-block
SECTION_FIELDS: Final = 10  # blocks/section-block
SECTION_FIELD_TEXT: Final = 2_000  # blocks/section-block
HEADER_TEXT: Final = 150  # blocks/header-block
CONTEXT_ELEMENTS: Final = 10  # blocks/context-block
ACTIONS_ELEMENTS: Final = 25  # blocks/actions-block
INPUT_LABEL: Final = 2_000  # blocks/input-block
INPUT_HINT: Final = 2_000  # blocks/input-block
MARKDOWN_TEXT: Final = 12_000  # blocks/markdown-block: over all markdown blocks of one message
IMAGE_URL: Final = 3_000  # blocks/image-block
IMAGE_ALT_TEXT: Final = 2_000  # blocks/image-block
IMAGE_TITLE: Final = 2_000  # blocks/image-block
TABLE_ROWS: Final = 100  # blocks/table-block
TABLE_COLUMNS: Final = 20  # blocks/table-block
TABLE_CHARACTERS: Final = 10_000  # blocks/table-block
TABLES_IN_MESSAGE: Final = 1  # blocks/table-block (only_one_table_allowed)

# Elements
ACTION_ID: Final = 255  # block-elements
TEXT_OBJECT: Final = 3_000  # composition-objects/text-object
BUTTON_TEXT: Final = 75  # block-elements/button-element
BUTTON_VALUE: Final = 2_000  # block-elements/button-element
BUTTON_URL: Final = 3_000  # block-elements/button-element
ACCESSIBILITY_LABEL: Final = 75  # block-elements/button-element
OVERFLOW_OPTIONS: Final = 5  # block-elements/overflow-menu-element
CHECKBOX_OPTIONS: Final = 10  # block-elements/checkboxes-element
RADIO_OPTIONS: Final = 10  # block-elements/radio-button-group-element
SELECT_OPTIONS: Final = 100  # block-elements/select-menu-element
SELECT_OPTION_GROUPS: Final = 100  # block-elements/select-menu-element
OPTION_TEXT: Final = 75  # composition-objects/option-object
OPTION_VALUE: Final = 150  # composition-objects/option-object
OPTION_DESCRIPTION: Final = 75  # composition-objects/option-object
OPTION_URL: Final = 3_000  # composition-objects/option-object
OPTION_GROUP_LABEL: Final = 75  # composition-objects/option-group-object
PLACEHOLDER: Final = 150  # block-elements/plain-text-input-element
PLAIN_TEXT_INPUT: Final = 3_000  # block-elements/plain-text-input-element
CONFIRM_TITLE: Final = 100  # composition-objects/confirmation-dialog-object
CONFIRM_TEXT: Final = 300  # composition-objects/confirmation-dialog-object
CONFIRM_BUTTON: Final = 30  # composition-objects/confirmation-dialog-object
