// Generated from the API's description by `npm run types`.

export interface paths {
    "/api/admin/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the invitations
         * @description Those that can still be used, newest first. Their tokens are not among what is shown.
         */
        get: operations["list_invitations"];
        put?: never;
        /**
         * Invite a person
         * @description The answer holds a link with which accounts are made where sign-up takes invitations
         *     (`auth.signup`); it is not shown again. It works until it is used up, expires or is taken back,
         *     or its author administers the server no more. One for administrators takes the password.
         */
        post: operations["create_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take an invitation back
         * @description Nobody makes an account with it any more. Accounts that were made with it stay.
         */
        delete: operations["revoke_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/reset-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a link to a new password for an address
         * @description As with the id of a user, where only the e-mail address of the account is known. For an
         *     administrator's account, also one's own, it takes the password.
         */
        post: operations["create_reset_link_by_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}/reset-link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a link to a new password
         * @description For a user who has forgotten theirs. The answer holds a link to be given to the owner of the
         *     account; it works once, and replaces an earlier one. Nothing else changes until it is used. For
         *     an administrator's account, also one's own, it takes the password.
         */
        post: operations["create_reset_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in
         * @description Begins a session. The access token is short-lived; the refresh token renews it.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description Ends the session of this access token, at once and for every token of it. An API key belongs
         *     to no session.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Renew the tokens
         * @description Takes the session's newest refresh token and gives the next pair. A refresh token works once;
         *     all who present it within a short time get the same next one, and later it ends the session.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset a forgotten password
         * @description Takes the token of a link that an administrator has made, once. All sessions of the account
         *     end; its API keys go on working.
         */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show who can sign up
         * @description For the page before the login: whether the caller can make an account, and whether the server
         *     still waits for its administrator.
         */
        get: operations["get_signup"];
        put?: never;
        /**
         * Create an account
         * @description Also logs in. Who may do this is the operator's choice (`auth.signup`). The server's first
         *     administrator signs up with the set-up code that it prints at its start.
         */
        post: operations["signup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message of a chat
         * @description What `useChat` of the AI SDK sends with nothing but this address and a token. The newest message
         *     of the user is stored and answered, or what the tools returned that the newest answer called;
         *     the rest of `messages` is not read, since the stored conversation is the truth. The first message
         *     of a chat makes its conversation. The generation goes on if the client goes: it resumes at
         *     `GET /api/chat/{id}/stream`.
         *
         *     A message that was sent before is not stored again: the same `id` with the same parts leads to
         *     the answer that it has. The same `id` with other parts edits it: the new text becomes a sibling of
         *     the old one, and the branch that is shown. With `"trigger": "regenerate-message"` the newest
         *     message of the user in `messages` is answered once more.
         */
        post: operations["send_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a chat
         * @description The selected branch of its conversation as UI messages, to begin `useChat` with. Older messages
         *     of a very long one are left out (`hasMore`); `GET /api/conversations/{id}/messages` has them in
         *     pages.
         */
        get: operations["get_chat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the answer of a chat
         * @description Keeps the text so far. `stop()` of `useChat` only closes its own connection, which stops nothing
         *     here. Without an answer that is being made it changes nothing.
         */
        post: operations["stop_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Resume the stream of a chat
         * @description The answer that is being made, from its first event on, and then as it grows: what the client
         *     of the AI SDK asks for when a page is loaded again.
         */
        get: operations["resume_chat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the conversations
         * @description Newest activity first. Titles are stored, so no message is read for this.
         */
        get: operations["list_conversations"];
        put?: never;
        /**
         * Create a conversation
         * @description Repeated with the same `Idempotency-Key` it answers with the same conversation.
         */
        post: operations["create_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive conversations
         * @description Up to 100 by their ids, or all of them; with `"archived": false` they come back into the list.
         */
        post: operations["archive_conversations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete conversations
         * @description Up to 100 by their ids, or all of them: into the trash, or for good. Answers being generated in
         *     them are stopped. `"trash": true` empties the trash.
         */
        post: operations["delete_conversations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a conversation */
        get: operations["get_conversation"];
        put?: never;
        post?: never;
        /**
         * Delete a conversation
         * @description It goes into the trash with all its messages, from where it can be restored until `purge_at`.
         *     An answer being generated in it is stopped.
         */
        delete: operations["delete_conversation"];
        options?: never;
        head?: never;
        /**
         * Change a conversation
         * @description Only the fields sent are changed; `null` clears one. Its place in the list stays.
         */
        patch: operations["update_conversation"];
        trace?: never;
    };
    "/api/conversations/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export a conversation */
        get: operations["export_conversation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the messages
         * @description The selected branch, newest page first, in the order of time inside a page.
         */
        get: operations["list_messages"];
        put?: never;
        /**
         * Send a message
         * @description Stores it, asks the model and stores the answer. The generation goes on if the client goes.
         *
         *     With `"stream": true` the answer arrives as server-sent events: `response.created` first (it
         *     names both stored messages), then `response.output_text.delta` and the others of Open
         *     Responses, a terminal event (`response.completed`, `response.incomplete` or
         *     `response.failed`), and `data: [DONE]`. `id:` lines number the events; a broken stream goes
         *     on at `GET /api/responses/{id}/events`.
         *
         *     Without it the request waits for the whole turn; with the header `Prefer: respond-async` it
         *     returns as soon as the message is stored.
         *
         *     To edit a message, send the new text with the `parent_id` of the old one, `null` included:
         *     it becomes a sibling of the old one and begins the branch that is shown from then on. The old
         *     one stays, with all that hangs below it.
         */
        post: operations["create_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversations/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a conversation
         * @description Takes it out of the trash. One that is not deleted stays as it is.
         */
        post: operations["restore_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export all conversations
         * @description Archived ones included. The answer is streamed; its last line counts what should be in it, so
         *     that a cut file can be told from a whole one. docs/TRANSFER.md describes the format.
         */
        get: operations["export_all"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import conversations
         * @description The body is an export of this server, of ChatGPT (the archive, or one of its JSON files), Claude,
         *     Open WebUI or LibreChat; the format is recognised. The answer is streamed while the work goes
         *     on: a line of JSON for each conversation, and a summary at the end. What was imported before is
         *     left as it is, so the same file can be sent again. The work goes on when the client leaves.
         */
        post: operations["import_conversations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the API keys
         * @description Every key that is not revoked, newest first, also those that have expired. Their text is not
         *     among what is shown: it was shown when they were made.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Make an API key
         * @description The answer holds the key (`sk-…`); it is not shown again. Send it as
         *     `Authorization: Bearer sk-…` wherever an access token is taken. It may do what its scopes
         *     say, sees what its owner sees, and works until it expires or is revoked; changing the password
         *     ends it only if that is asked for. A key cannot make another one with more scopes than its own.
         *     A key with the scope `account` or `admin`, or that works longer than a session can
         *     (`auth.session_ttl`, 30 days) or for ever, takes the password.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description Its next request is refused, on every server.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        /** Rename an API key */
        patch: operations["update_key"];
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the account */
        get: operations["get_me"];
        put?: never;
        post?: never;
        /**
         * Delete the account
         * @description With all conversations, keys and sessions. Running answers are stopped. It cannot be undone. The
         *     last administrator cannot go while there are other users.
         */
        delete: operations["delete_me"];
        options?: never;
        head?: never;
        /**
         * Change the account
         * @description Only the fields sent are changed. A new e-mail address takes the password, too; sessions and
         *     keys go on.
         */
        patch: operations["update_me"];
        trace?: never;
    };
    "/api/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export everything about the account
         * @description A zip file of readable JSON: the account, its sessions and keys without their secrets, all
         *     conversations (importable, as those of `/api/export`), and what each response used, with a JSON
         *     Schema of these files. The answer is streamed; a file that was cut cannot be opened.
         *     `docs/DATA_EXPORT.md` describes it. A session takes the password for this: `POST` to the same
         *     path. An API key with these scopes took it when it was made.
         */
        get: operations["export_me"];
        put?: never;
        /**
         * Export everything about the account, with the password
         * @description The archive of `GET /api/me/export`, for a user who has a session.
         */
        post: operations["export_me_confirmed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Ends all other sessions of the account, at once, and with `end_keys` the API keys as well, but
         *     for the one that the request is made with.
         */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a conversation with its first message
         * @description Makes the conversation, stores the message and has it answered, all or nothing: after a refusal
         *     there is no empty conversation. `user_message.conversation_id`, and in a stream
         *     `response.conversation.id`, name the conversation. Otherwise as sending a message: it waits,
         *     streams or returns at once. Repeated with the same `Idempotency-Key` it leads to the same
         *     conversation and the same response.
         */
        post: operations["create_first_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a message */
        get: operations["get_message"];
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description With everything below it. An answer that is being generated there is stopped; its followers get
         *     `response.failed` with the code `message_deleted`. If the branch that is shown led through it,
         *     the neighbour's is shown from then on, or what is left of the branch where there is none.
         */
        delete: operations["delete_message"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messages/{id}/regenerate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a message again
         * @description Asks the model once more: for another answer to the message named, or, when it is an answer
         *     itself, to the message it answers; whether that was completed, failed, stopped or interrupted.
         *     The new answer becomes a sibling of the old ones and the branch that is shown. Otherwise as
         *     sending a message: it waits, streams or returns at once. The body may be left out.
         */
        post: operations["regenerate_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the models
         * @description All models of all providers. One that cannot be reached at the moment is marked, with the
         *     models it offered before. The lists of the providers are asked for every five minutes at most.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/responses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a response */
        get: operations["get_response"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/responses/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a response
         * @description Keeps the text so far. Stopping a response that has ended changes nothing.
         */
        post: operations["cancel_response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/responses/{id}/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain a response
         * @description Which messages the model was given, how many tokens they are, and what was left out and why:
         *     as it was when the model was asked, whatever the configuration says now.
         */
        get: operations["get_response_context"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/responses/{id}/continue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a response
         * @description For an answer that ended before it was whole (`incomplete`, `cancelled` or `failed`) and has
         *     text: the model is shown that text as its own and goes on with it, in the same message. That is
         *     a new response, whose `previous_response_id` is this one; its events and its output begin with
         *     the text there is, and its `usage` counts what it cost alone. Otherwise as sending a message: it
         *     waits, streams or returns at once. The body may be left out.
         */
        post: operations["continue_response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/responses/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a response
         * @description Server-sent events from the beginning, or behind the event named by `Last-Event-ID` or
         *     `after`: first those that have happened, then the rest as it happens, the terminal event and
         *     `data: [DONE]`. No event is missing or repeated. A place that cannot be continued exactly is
         *     answered with the whole stream, beginning with `response.created`.
         */
        get: operations["stream_response_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search
         * @description In the titles and messages of the caller, of every branch, but for what is in the trash. Titles
         *     come first, then messages; where the words stand side by side comes before where they do not,
         *     whole words before beginnings, the newer before the older.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions
         * @description Every login of the account that has not ended, newest first.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Its tokens stop working at once.
         */
        delete: operations["revoke_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the version */
        get: operations["get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The API reference */
        get: operations["get_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/style.css": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The style of the pages */
        get: operations["get_style"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process alive
         * @description Looks at nothing but itself.
         */
        get: operations["health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Should the server be given requests */
        get: operations["health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Test whether event streams arrive
         * @description Five events, a quarter of a second apart, each with the milliseconds that have passed here. If
         *     they arrive together, something on the way keeps them back.
         */
        get: operations["health_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the metrics
         * @description In the text format of Prometheus, for a client that sends `server.metrics_token` as a bearer
         *     token; any other gets 404.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The API description */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer messages, for OpenAI clients
         * @description The client keeps its conversation and sends all of it; nothing is stored, and the answer ends
         *     when the client goes. What does not fit the model's window is refused with
         *     `context_length_exceeded`. An answer that fails is a failed request, also of a stream as long as
         *     nothing of it was sent; later the stream ends with an object that has `error`.
         *
         *     With `"stream": true` the answer arrives as chunks, and `data: [DONE]`.
         */
        post: operations["v1_create_chat_completion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the conversations, for OpenAI clients
         * @description Those of `GET /api/conversations`; OpenAI has no such list.
         */
        get: operations["v1_list_conversations"];
        put?: never;
        /**
         * Create a conversation, for OpenAI clients
         * @description With up to 20 items, all of it or nothing. Every item gets an id of this server, whatever id it
         *     brings. Repeated with the same `Idempotency-Key` it answers with the same conversation.
         */
        post: operations["v1_create_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/conversations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a conversation, for OpenAI clients */
        get: operations["v1_get_conversation"];
        put?: never;
        /**
         * Change a conversation, for OpenAI clients
         * @description Only the fields sent are changed; `metadata` replaces all pairs.
         */
        post: operations["v1_update_conversation"];
        /**
         * Delete a conversation, for OpenAI clients
         * @description For good, with all its items: it does not go into the trash. An answer being generated in it is
         *     stopped.
         */
        delete: operations["v1_delete_conversation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/conversations/{id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the items of a conversation, for OpenAI clients
         * @description Those of the selected branch. Each call and each reasoning of an answer is an item by itself:
         *     reasoning and what was called first before the answer's text, other calls behind it. An answer
         *     that is being generated is listed when it has ended.
         */
        get: operations["v1_list_items"];
        put?: never;
        /**
         * Add items to a conversation, for OpenAI clients
         * @description Up to 20 below the newest message of the selected branch, all of them or none; no model is asked.
         *     Every item gets an id of this server, whatever id it brings. Repeated with the same
         *     `Idempotency-Key` it answers with the same items.
         */
        post: operations["v1_create_items"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/conversations/{id}/items/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an item, for OpenAI clients
         * @description On whichever branch of the conversation it is.
         */
        get: operations["v1_get_item"];
        put?: never;
        post?: never;
        /**
         * Delete an item, for OpenAI clients
         * @description It alone: what hangs below it moves up to what stands above it. An answer goes with the calls and
         *     the reasoning that belong to it; one of those goes alone.
         */
        delete: operations["v1_delete_item"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the models, for OpenAI clients
         * @description The models of `GET /api/models` in the form of OpenAI.
         */
        get: operations["v1_list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a model, for OpenAI clients
         * @description The name may have slashes and colons, percent-encoded or not.
         */
        get: operations["v1_get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a response, for OpenAI clients
         * @description The items of `input` are stored and answered: in `conversation`, behind `previous_response_id`,
         *     or without both in a chain, a conversation that no list shows. The answer is made whether or not
         *     the client stays, so every response can be followed again and stopped.
         *
         *     Whether the events are wanted is decided by `stream` alone. With `background` the response is
         *     shown at once. With `store: false` nothing is kept, and the response ends with its client.
         *     Fields that are not known are left alone. A response that fails is a response with the status
         *     `failed`, not an error of the request: it is stored.
         */
        post: operations["v1_create_response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/input_tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Count the tokens of an input, for OpenAI clients
         * @description What the model would read, were a response made of this now; nothing is stored, and no model is
         *     asked. Images and files are estimated.
         */
        post: operations["v1_count_input_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show or follow a response, for OpenAI clients
         * @description With `stream` its events, numbered as when they first came: those that have happened, then the
         *     rest as it happens, the terminal event and `data: [DONE]`. A place that cannot be continued
         *     exactly is answered with the whole stream, beginning with `response.created`.
         */
        get: operations["v1_get_response"];
        put?: never;
        post?: never;
        /**
         * Delete a response, for OpenAI clients
         * @description It can no longer be shown, followed or continued; one that runs is stopped first. The messages
         *     of a conversation stay, they are the conversation's. Of a chain goes what nothing hangs below.
         */
        delete: operations["v1_delete_response"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a response, for OpenAI clients
         * @description Keeps the text so far. Any response can be stopped, in the background or not; stopping one that
         *     has ended changes nothing.
         */
        post: operations["v1_cancel_response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{id}/input_items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the input of a response, for OpenAI clients
         * @description The items that it answers and all before them on their branch, the outputs of earlier responses
         *     included.
         */
        get: operations["v1_list_input_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Body of `DELETE /api/me`. */
        AccountDelete: {
            /** @description The password, to be sure who asks. */
            current_password: string;
        };
        /**
         * @description How the administrator's account is made.
         * @enum {string}
         */
        AdministratorSetup: "done" | "setup_token";
        /** @description A source of an answer. */
        AnnotationOut: {
            /**
             * @description Always `url_citation`.
             * @example url_citation
             */
            type: string;
            /**
             * @description Its address, `http` or `https`.
             * @example https://example.org/sky
             */
            url: string;
            /** @description Its title; the address where the provider gave none. */
            title: string;
            /**
             * Format: int32
             * @description Where the part of the text begins that it supports, in characters; where the provider does
             *     not say, the place of its number in brackets, such as `[1]`.
             */
            start_index: number;
            /**
             * Format: int32
             * @description Where that part ends. Both are 0 when nobody knows.
             */
            end_index: number;
        };
        /** @description A file that belonged to an imported message. */
        AttachmentOut: {
            /** @description What it was called. */
            name?: string | null;
            /** @description Its media type, as the other product called it. */
            type?: string | null;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            size?: number | null;
            /** @description Where the other product kept it: a path in its archive, a URL or an id. */
            place: string;
        };
        /** @description Body of `POST /api/conversations/archive`: exactly one of `ids` and `all`. */
        BulkArchive: {
            /** @description These conversations, at most 100. */
            ids?: string[] | null;
            /** @description `true`: every conversation. */
            all?: boolean;
            /**
             * @description `false` takes them back into the list.
             * @default true
             */
            archived: boolean;
        };
        /** @description What `POST /api/conversations/archive` answers. */
        BulkArchived: {
            /**
             * Format: int64
             * @description How many conversations were changed.
             */
            changed: number;
            /** @description Of the ids sent, those that name none of your conversations. */
            not_found: string[];
        };
        /** @description Body of `POST /api/conversations/delete`: exactly one of `ids`, `all` and `trash`. */
        BulkDelete: {
            /** @description These conversations, at most 100. */
            ids?: string[] | null;
            /** @description `true`: every conversation, archived ones too. */
            all?: boolean;
            /** @description `true`: empties the trash. */
            trash?: boolean;
            /**
             * @description `true` removes them for good instead of putting them into the trash; with `ids` and `all`
             *     those that are in the trash already, too.
             */
            permanent?: boolean;
        };
        /** @description What `POST /api/conversations/delete` answers. */
        BulkDeleted: {
            /**
             * Format: int64
             * @description How many conversations were deleted.
             */
            deleted: number;
            /** @description Of the ids sent, those that name none of your conversations. */
            not_found: string[];
        };
        /**
         * @description A call of a tool that the model made. Its result, where a client has sent one, is an item below
         *     the answer.
         */
        CallOut: {
            /**
             * @description Id of the item, as the response's events name it.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description The provider's id of the call.
             * @example call_1
             */
            call_id: string;
            /**
             * @description The tool's name.
             * @example get_weather
             */
            name: string;
            /**
             * @description Its arguments, which should be JSON; of a call in progress those so far.
             * @example {"city":"Lisbon"}
             */
            arguments: string;
            /**
             * @description `in_progress`, `completed` or `incomplete`.
             * @example completed
             */
            status: string;
            /**
             * Format: int32
             * @description How many UTF-16 code units of `content`, as JavaScript counts, came before it.
             */
            offset: number;
        };
        /** @description What a model can do. */
        Capabilities: {
            /** @description Whether its answers come piece by piece. */
            streaming: boolean;
            /** @description Whether it reasons before it answers; `null` if that is not known. */
            reasoning?: boolean | null;
            /** @description Whether it is the built-in demo model. */
            demo: boolean;
        };
        /** @description A source. */
        ChatAnnotation: {
            /** @description Always `url_citation`. */
            type: string;
            /** @description The source. */
            url_citation: components["schemas"]["ChatUrlCitation"];
        };
        /** @description A call of a tool. */
        ChatCall: {
            /** @description By it the result names the call. */
            id: string;
            /** @description Always `function`. */
            type: string;
            /** @description Which function, and with what. */
            function: components["schemas"]["ChatCallFunction"];
        };
        /** @description A function that is called. */
        ChatCallFunction: {
            /** @description Its name. */
            name: string;
            /** @description Its arguments, which should be JSON. */
            arguments: string;
        };
        /** @description One of the answers to a request. */
        ChatChoice: {
            /**
             * Format: int32
             * @description From 0.
             */
            index: number;
            /** @description What the model says. */
            message: components["schemas"]["ChatMessage"];
            /** @description Always `null`. */
            logprobs?: Record<string, never> | null;
            /**
             * @description Why it ended.
             * @example stop
             */
            finish_reason: string;
        };
        /** @description `POST /v1/chat/completions` without `stream`. */
        ChatCompletion: {
            /** @description `chatcmpl-` and 32 hexadecimal digits. */
            id: string;
            /**
             * @description Always `chat.completion`.
             * @example chat.completion
             */
            object: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            /** @description The model asked, as `GET /v1/models` names it. */
            model: string;
            /** @description The answers. */
            choices: components["schemas"]["ChatChoice"][];
            /** @description What all of them cost. */
            usage: components["schemas"]["ChatUsage"];
            /** @description The stored response; only of an answer that is kept in a conversation. */
            response_id?: string | null;
        };
        /** @description Body of `POST /v1/chat/completions`. Fields that are not here are left alone. */
        ChatCompletionCreate: {
            /** @description The model to ask; without one the server's default. */
            model?: string | null;
            /** @description The whole conversation: system, developer, user, assistant and tool messages. */
            messages: unknown[];
            /** @description Whether the answer is wanted piece by piece. */
            stream?: boolean | null;
            /** @description `include_usage`: such a stream ends with the token counts. */
            stream_options?: unknown;
            /**
             * Format: int32
             * @description How many answers are wanted, 1 to 8.
             */
            n?: number | null;
            /**
             * Format: int32
             * @description The old name of `max_completion_tokens`.
             */
            max_tokens?: number | null;
            /**
             * Format: int32
             * @description The longest answer, in tokens.
             */
            max_completion_tokens?: number | null;
            /**
             * Format: double
             * @description Sampling temperature, 0 to 2.
             */
            temperature?: number | null;
            /**
             * Format: double
             * @description Nucleus sampling, 0 to 1.
             */
            top_p?: number | null;
            /**
             * Format: double
             * @description Presence penalty, -2 to 2.
             */
            presence_penalty?: number | null;
            /**
             * Format: double
             * @description Frequency penalty, -2 to 2.
             */
            frequency_penalty?: number | null;
            /** @description A text, or up to 16 texts, at which the answer ends. */
            stop?: unknown;
            /**
             * Format: int64
             * @description The seed of sampling.
             */
            seed?: number | null;
            /** @description Functions that the model may ask the client to call. */
            tools?: unknown[] | null;
            /** @description Which of them it may or must ask for: `auto`, `none`, `required`, or an object. */
            tool_choice?: unknown;
            /** @description Whether it may ask for several at once. */
            parallel_tool_calls?: boolean | null;
            /** @description `text`, `json_object` or `json_schema`. */
            response_format?: unknown;
            /** @description How much the model reasons, such as `low`. */
            reasoning_effort?: string | null;
            /** @description How long answers are: `low`, `medium` or `high`. */
            verbosity?: string | null;
            /** @description The client's own pairs. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description The old name of `safety_identifier`. */
            user?: string | null;
            /** @description The client's own word for its user. */
            safety_identifier?: string | null;
            /** @description The client's own key for the provider's cache. */
            prompt_cache_key?: string | null;
            /** @description Not supported: `true` is refused. */
            logprobs?: boolean | null;
            /**
             * Format: int32
             * @description Not supported: more than 0 is refused.
             */
            top_logprobs?: number | null;
            /** @description Only `text`. */
            modalities?: string[] | null;
            /** @description Not supported. */
            audio?: unknown;
            /** @description Not supported. */
            web_search_options?: unknown;
            /** @description Not supported: the old form of `tools`. */
            functions?: unknown;
            /** @description Not supported: the old form of `tool_choice`. */
            function_call?: unknown;
        };
        /**
         * @description Body of `POST /api/chat`: what `DefaultChatTransport` sends, and what its option `body` adds.
         *     Fields that are not named here are left alone.
         */
        ChatCreate: {
            /**
             * @description The chat: an id of the client's own, which the first message makes a conversation of, or
             *     the id of a conversation.
             * @example kX9fPq2LmZ7wRt4B
             */
            id: string;
            /** @description The history, oldest first. Only the newest end of it is read. */
            messages?: components["schemas"]["UiMessageIn"][] | null;
            message?: components["schemas"]["UiMessageIn"] | null;
            /** @description What for; left out, as `submit-message`. */
            trigger?: ("submit-message" | "regenerate-message") | null;
            /** @description To regenerate: the answer, or the message to answer, where there is no history. */
            messageId?: string | null;
            /** @description The model to ask; without one the conversation's, else the server's default. */
            model?: string | null;
            /** @description The system message of this answer; without one the conversation's. */
            instructions?: string | null;
            /** @description Functions that the model may ask the client to call, as in `POST /v1/responses`. */
            tools?: unknown[] | null;
            /**
             * @description Which of them it may or must ask for: `auto`, `none`, `required`, or an object as in
             *     `POST /v1/responses`.
             */
            tool_choice?: unknown;
        };
        /** @description What a model says. */
        ChatMessage: {
            /**
             * @description Always `assistant`.
             * @example assistant
             */
            role: string;
            /** @description Its text; `null` where it only calls tools. */
            content?: string | null;
            /** @description Always `null`. */
            refusal?: string | null;
            /** @description Its sources. */
            annotations?: components["schemas"]["ChatAnnotation"][];
            /** @description Its calls of tools. */
            tool_calls?: components["schemas"]["ChatCall"][];
            /** @description What it has shown of its reasoning, as many clients of other models call it. */
            reasoning_content?: string | null;
            /** @description The same, as others do. */
            reasoning?: string | null;
        };
        /** @description A chat: the selected branch of a conversation. */
        ChatOut: {
            /**
             * @description Its id, as it was asked for.
             * @example kX9fPq2LmZ7wRt4B
             */
            id: string;
            /**
             * @description The conversation that it is.
             * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            conversationId: string;
            /**
             * @description The messages, oldest first. An answer that is being made is not among them: resume its
             *     stream, which tells it from the beginning.
             */
            messages: components["schemas"]["UiMessage"][];
            /**
             * @description The response that is being made; `null` when there is nothing to resume.
             * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            activeStreamId?: string | null;
            /** @description Whether there are older messages, which are too many to be told here. */
            hasMore: boolean;
        };
        /** @description What was stopped. */
        ChatStopped: {
            /**
             * @description The chat, as it was asked for.
             * @example kX9fPq2LmZ7wRt4B
             */
            id: string;
            /** @description Whether an answer was stopped. */
            stopped: boolean;
            /**
             * @description The response that was being made; `null` if none was.
             * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            responseId?: string | null;
            /**
             * @description The message that it writes.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            messageId?: string | null;
            /**
             * @description How the response stands now: `cancelled`, or how it ended just before.
             * @example cancelled
             */
            status?: string | null;
        };
        /** @description A source with its place. */
        ChatUrlCitation: {
            /**
             * Format: int32
             * @description Where the part of the text begins that it supports, in characters.
             */
            start_index: number;
            /**
             * Format: int32
             * @description Where that ends. Both are 0 when nobody knows.
             */
            end_index: number;
            /** @description Its title. */
            title: string;
            /** @description Its address. */
            url: string;
        };
        /** @description Tokens. */
        ChatUsage: {
            /**
             * Format: int64
             * @description Those read.
             */
            prompt_tokens: number;
            /**
             * Format: int64
             * @description Those written.
             */
            completion_tokens: number;
            /**
             * Format: int64
             * @description Both.
             */
            total_tokens: number;
            /** @description Of those read. */
            prompt_tokens_details: components["schemas"]["PromptDetails"];
            /** @description Of those written. */
            completion_tokens_details: components["schemas"]["CompletionDetails"];
        };
        /** @description Of the tokens written. */
        CompletionDetails: {
            /**
             * Format: int64
             * @description Those spent on reasoning.
             */
            reasoning_tokens: number;
            /**
             * Format: int64
             * @description Always 0.
             */
            audio_tokens: number;
            /**
             * Format: int64
             * @description Always 0.
             */
            accepted_prediction_tokens: number;
            /**
             * Format: int64
             * @description Always 0.
             */
            rejected_prediction_tokens: number;
        };
        /** @description The text of an answer begins. */
        ContentPartAdded: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.content_part.added";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: an answer has one part.
             */
            content_index: number;
            /** @description The part, empty. */
            part: components["schemas"]["OutputText"];
        };
        /** @description The part of an answer is closed. */
        ContentPartDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.content_part.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: an answer has one part.
             */
            content_index: number;
            /** @description The part, whole. */
            part: components["schemas"]["OutputText"];
        };
        /** @description A message of a context. */
        ContextMessage: {
            /**
             * @description Id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * Format: int64
             * @description Its number in the conversation.
             */
            seq: number;
            /**
             * @description Who speaks.
             * @example user
             */
            role: string;
            /**
             * Format: int32
             * @description Its tokens, the marks around it included.
             */
            tokens: number;
        };
        /** @description What of the branch was not sent. */
        ContextOmitted: {
            /**
             * Format: int32
             * @description How many older messages.
             */
            messages: number;
            /**
             * @description `window`: they did not fit, or were answers that the messages sent would have begun with.
             *     `null` if nothing was left out.
             */
            reason?: string | null;
            newest?: components["schemas"]["ContextMessage"] | null;
        };
        /**
         * @description The context of a response, as it was when the model was asked. Later changes of the
         *     configuration do not show in it.
         */
        ContextOut: {
            /**
             * @description Always `response.context`.
             * @example response.context
             */
            object: string;
            /**
             * @description The response.
             * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            response_id: string;
            /** @description The model asked. */
            model: string;
            /** @description The provider asked. */
            provider: string;
            window?: components["schemas"]["ContextWindow"] | null;
            tokens?: components["schemas"]["ContextTokens"] | null;
            /**
             * Format: int64
             * @description The input tokens that the provider reported, to compare with `tokens.total`; `null` if it
             *     reported none.
             */
            reported_input_tokens?: number | null;
            /**
             * Format: int32
             * @description How many messages of the branch were sent; `null` as long as that is not known.
             */
            messages_sent?: number | null;
            /**
             * Format: int32
             * @description Of them, those that have been deleted from the database since.
             */
            messages_deleted: number;
            /**
             * Format: int32
             * @description How often the provider refused what was sent as too long before it took this. Each time it
             *     was asked again with less.
             */
            refusals: number;
            /**
             * @description Whether `window.budget_tokens` is less than the window leaves because the provider had
             *     refused more, for this response or lately for another one of this model.
             */
            learnt: boolean;
            /** @description What was left out. */
            omitted: components["schemas"]["ContextOmitted"];
            /** @description The messages sent that are still there, in the order they were sent; the newest 1000. */
            messages: components["schemas"]["ContextMessage"][];
            /** @description Whether there are more messages than are listed. */
            has_more: boolean;
        };
        /** @description Which messages of the conversation the model was given. */
        ContextReport: {
            /**
             * Format: int32
             * @description How many messages of the branch were sent.
             */
            messages_sent: number;
            /**
             * Format: int32
             * @description How many older ones did not fit the model's window.
             */
            messages_omitted: number;
        };
        /** @description What was sent, in tokens. */
        ContextTokens: {
            /**
             * @description How tokens were counted: the name of the model's tokenizer, or `estimate` where that is not
             *     known, or was not needed because everything fitted easily.
             * @example o200k_base
             */
            tokenizer: string;
            /** @description Whether the numbers are estimates. */
            estimated: boolean;
            /**
             * Format: int32
             * @description The instructions; 0 if there were none.
             */
            instructions: number;
            /**
             * Format: int32
             * @description The messages, the marks around each included.
             */
            messages: number;
            /**
             * Format: int32
             * @description What was kept of an interrupted answer, which the model was asked to go on with; 0 for
             *     others.
             */
            kept: number;
            /**
             * Format: int32
             * @description All of it, the marks around the whole included.
             */
            total: number;
        };
        /** @description What a model can take, in tokens. */
        ContextWindow: {
            /**
             * Format: int32
             * @description The whole window.
             * @example 128000
             */
            context_tokens: number;
            /**
             * Format: int32
             * @description What was kept free for the answer.
             * @example 4096
             */
            output_reserve_tokens: number;
            /**
             * Format: int32
             * @description What instructions and messages could take.
             * @example 123904
             */
            budget_tokens: number;
        };
        /** @description Body of `POST /api/conversations`. */
        ConversationCreate: {
            /**
             * @description Title; without one it becomes the first line of the first message.
             * @example Plans for Sunday
             */
            title?: string | null;
            /** @description The model used when a message names none. */
            model?: string | null;
            /** @description System message put before the conversation's messages. */
            instructions?: string | null;
            /** @description The client's own pairs: at most 16, keys of at most 64 and values of at most 512 characters. */
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /** @description One page. */
        ConversationList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["ConversationOut"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description A conversation. */
        ConversationOut: {
            /**
             * @description Id.
             * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description Title; empty until the first message. */
            title: string;
            /**
             * @description Who wrote the title: `none`, `first_line`, `model` or `user`.
             * @example first_line
             */
            title_source: string;
            /** @description The model used when a message names none; `null` for the server's default. */
            model?: string | null;
            /** @description System message put before the conversation's messages. */
            instructions?: string | null;
            /** @description Whether it is kept on top. Lists do not sort by it; `?pinned=true` gets these alone. */
            pinned: boolean;
            /** @description Whether it was put aside. */
            archived: boolean;
            /** @description The client's own pairs. */
            metadata: {
                [key: string]: string;
            };
            /** @description The response running in it, if one is. */
            active_response_id?: string | null;
            /** @description The newest message of the selected branch. */
            head_id?: string | null;
            /**
             * Format: int64
             * @description Raised at every change; in quotes it is the `ETag`.
             */
            version: number;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When a message was last sent or answered in it. Other changes leave it as it is.
             */
            updated_at: string;
            /**
             * Format: date-time
             * @description When it was put into the trash; `null` elsewhere.
             */
            deleted_at?: string | null;
            /**
             * Format: date-time
             * @description When it will be removed from the trash; `null` elsewhere.
             */
            purge_at?: string | null;
        };
        /** @description Body of `PATCH /api/conversations/{id}`: only the fields sent are changed. */
        ConversationPatch: {
            /**
             * @description New title; `null` gives the title back to the server.
             * @example Plans for Sunday
             */
            title?: string | null;
            /** @description New default model; `null` for the server's default. */
            model?: string | null;
            /** @description New instructions; `null` removes them. */
            instructions?: string | null;
            /**
             * @description Selects a branch by any of its messages: it is shown, and gone on with, from its first
             *     message to the newest below the one named, along the newest answer wherever there are
             *     several.
             */
            head_id?: string;
            /** @description Whether to keep it on top. */
            pinned?: boolean;
            /** @description Whether to put it aside: out of the list, not into the trash. */
            archived?: boolean;
            /** @description New pairs in place of all old ones; `null` removes them. */
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /** @description A conversation by its id. */
        ConversationRef: {
            /** @description Id. */
            id: string;
        };
        /** @description Body of `POST /api/me/export`. */
        DataExport: {
            /** @description The password, to be sure who asks. */
            current_password: string;
        };
        /** @description What `DELETE` answers. */
        Deleted: {
            /** @description Id of what was deleted. */
            id: string;
            /**
             * @description What it was.
             * @example conversation
             */
            object: string;
            /** @description Always `true`. */
            deleted: boolean;
            /**
             * Format: date-time
             * @description Until when it can be restored from the trash; absent if it is gone for good.
             */
            purge_at?: string | null;
        };
        /** @description The body of every answer with a status of 400 or more. */
        ErrorBody: {
            /** @description What went wrong. */
            error: components["schemas"]["ErrorDetail"];
            /** @description The id of this request; also in the header `x-request-id` and in the server's log. */
            request_id: string;
        };
        /** @description What went wrong and what to do about it. */
        ErrorDetail: {
            /** @description What happened and what to do, in words. */
            message: string;
            /**
             * @description The family of the error.
             * @example invalid_request_error
             */
            type: string;
            /** @description The field at fault. */
            param?: string | null;
            /**
             * @description The stable code of the error; programs decide on this.
             * @example invalid_value
             */
            code?: string | null;
            /** @description The response already running in the conversation (`conversation_locked` only). */
            response_id?: string | null;
        };
        /** @description Something went wrong; `response.failed` follows. */
        ErrorEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "error";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description What went wrong. */
            error: components["schemas"]["StreamError"];
            /** @description As in `error`, for clients that look here. */
            code: string;
            /** @description As in `error`. */
            message: string;
            /** @description Always `null`. */
            param?: string | null;
        };
        /** @description Body of `POST /api/messages`. */
        FirstMessageCreate: {
            /**
             * @description What the person says; at most 524,288 bytes of UTF-8.
             * @example Why is the sky blue?
             */
            content: string;
            /** @description The model to ask; without one the new conversation's, else the server's default. */
            model?: string | null;
            /** @description `true` answers with the response's events (`text/event-stream`), else with the whole turn. */
            stream?: boolean;
            /** @description The conversation to be made; left out, as `{}`. */
            conversation?: components["schemas"]["ConversationCreate"];
        };
        /** @description More of the arguments of a call. */
        FunctionCallArgumentsDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.function_call_arguments.delta";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /** @description The text, to be appended. */
            delta: string;
        };
        /** @description The arguments of a call are whole. */
        FunctionCallArgumentsDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.function_call_arguments.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /** @description The arguments: the deltas joined. */
            arguments: string;
        };
        /** @description The answer of a server that is well. */
        Healthy: {
            /**
             * @description Always `ok`.
             * @example ok
             */
            status: string;
            /**
             * @description What is away that the server can do without: `redis`. Absent when there is nothing.
             * @example [
             *       "redis"
             *     ]
             */
            degraded?: string[];
        };
        /**
         * @description A part of a snippet, counted in UTF-16 code units as JavaScript and Java do:
         *     `snippet.slice(start, end)`.
         */
        Highlight: {
            /** @description Where it begins. */
            start: number;
            /** @description Where it ends: behind its last unit. */
            end: number;
        };
        /** @description A line of the answer of `POST /api/import`: what became of one conversation. */
        ImportEntry: {
            /** @description What became of it. */
            outcome: components["schemas"]["ImportOutcome"];
            /** @description Its title, if it has one. */
            title?: string | null;
            /**
             * @description The product it came from: `chatapp`, `chatgpt`, `claude`, `open-webui` or `librechat`.
             * @example chatgpt
             */
            source?: string | null;
            /** @description Its id there. */
            source_id?: string | null;
            /** @description The file of the archive it stands in; only of what could not be read. */
            file?: string | null;
            /**
             * Format: int64
             * @description Its place in that file, from 1; only of what could not be read.
             */
            position?: number | null;
            /** @description What it is here. */
            conversation_id?: string | null;
            /**
             * Format: int64
             * @description How many messages it has.
             */
            messages: number;
            /** @description What was left out or changed. */
            notes: components["schemas"]["ImportNote"][];
            /** @description Why it failed. */
            reason?: string | null;
        };
        /** @description One line of the answer. */
        ImportLine: (components["schemas"]["ImportEntry"] & {
            /** @enum {string} */
            type: "conversation";
        }) | (components["schemas"]["ImportSummary"] & {
            /** @enum {string} */
            type: "summary";
        });
        /** @description Something that was left out or changed on the way in. */
        ImportNote: {
            /**
             * @description Which rule.
             * @example tool_skipped
             */
            code: string;
            /**
             * Format: int32
             * @description How often it applied.
             */
            count: number;
            /** @description What it means. */
            message: string;
        };
        /**
         * @description What became of a conversation.
         * @enum {string}
         */
        ImportOutcome: "imported" | "would_import" | "already_there" | "empty" | "failed";
        /** @description The last line of the answer of `POST /api/import`. */
        ImportSummary: {
            /** @description Whether nothing was stored. */
            dry_run: boolean;
            /**
             * Format: int64
             * @description Conversations stored, or that would be.
             */
            imported: number;
            /**
             * Format: int64
             * @description Conversations that were there already.
             */
            already_there: number;
            /**
             * Format: int64
             * @description Conversations with nothing in them.
             */
            empty: number;
            /**
             * Format: int64
             * @description Conversations that could not be read or stored.
             */
            failed: number;
            /**
             * Format: int64
             * @description Messages of the conversations stored, or that would be.
             */
            messages: number;
            /**
             * @description Why the import ended before the end of the file; then the counts are of what came before,
             *     and the same file can be sent again.
             */
            error?: string | null;
        };
        /** @description Why a response ended early. */
        IncompleteDetails: {
            /**
             * @description `max_output_tokens`, `content_filter`, `interrupted` or `cancelled`.
             * @example max_output_tokens
             */
            reason: string;
        };
        /** @description How many tokens an input has. */
        InputTokens: {
            /**
             * @description Always `response.input_tokens`.
             * @example response.input_tokens
             */
            object: string;
            /**
             * Format: int32
             * @description The count; an estimate where the model's tokenizer is not known.
             */
            input_tokens: number;
        };
        /** @description Details of the tokens read. */
        InputTokensDetails: {
            /**
             * Format: int64
             * @description Served from a cache.
             */
            cached_tokens: number;
            /**
             * Format: int64
             * @description Written to a cache; always 0.
             */
            cache_write_tokens: number;
        };
        /** @description Body of `POST /api/admin/invitations`. */
        InvitationCreate: {
            /**
             * Format: email
             * @description The one e-mail address that it is for; any, if not given.
             * @example grace@example.org
             */
            email?: string | null;
            /**
             * @description What the accounts may do: `user`, if not given, or `admin`.
             * @example user
             */
            role?: string;
            /**
             * Format: int32
             * @description How many accounts can be made with it, 1 to 1,000; one, if not given, and with `email`.
             */
            uses?: number;
            /**
             * Format: date-time
             * @description When it stops working, within a year; in 7 days, if not given.
             */
            expires_at?: string | null;
            /** @description The caller's password: needed where the accounts are administrators'. */
            current_password?: string | null;
        };
        /** @description An invitation that was just made. */
        InvitationCreated: components["schemas"]["InvitationOut"] & {
            /**
             * @description What `POST /api/auth/signup` takes as `invitation`. It is shown this once; only a hash is
             *     kept.
             * @example invite_…
             */
            token: string;
            /**
             * @description The page that takes it, to be given away.
             * @example https://chat.example.org/signup#invite=invite_…
             */
            link: string;
        };
        /** @description One page. */
        InvitationList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["InvitationOut"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description An invitation that can be used. Its token is shown only when it is made. */
        InvitationOut: {
            /**
             * @description Id.
             * @example inv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description The one e-mail address that it is for; `null` for any. */
            email?: string | null;
            /**
             * @description What the accounts may do: `user` or `admin`.
             * @example user
             */
            role: string;
            /**
             * Format: int32
             * @description How many accounts can still be made with it.
             */
            uses_left: number;
            /**
             * @description The administrator who made it; `null` for the command line.
             * @example user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            created_by?: string | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it stops working.
             */
            expires_at: string;
        };
        /** @description An item of a conversation. */
        Item: components["schemas"]["ItemMessage"] | components["schemas"]["OutputFunctionCall"] | components["schemas"]["ItemFunctionCallOutput"] | components["schemas"]["OutputReasoning"];
        /** @description A file that the model was given. */
        ItemFile: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "input_file";
            /** @description What it is called. */
            filename?: string | null;
            /** @description The file itself as a data URL. */
            file_data?: string | null;
            /** @description Its address. */
            file_url?: string | null;
        };
        /** @description What a called tool returned. */
        ItemFunctionCallOutput: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "function_call_output";
            /**
             * @description Id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description The call that it belongs to.
             * @example call_1
             */
            call_id: string;
            /** @description What it returned. */
            output: components["schemas"]["ItemOutput"];
            /**
             * @description Always `completed`.
             * @example completed
             */
            status: string;
        };
        /** @description An image that the model was given. */
        ItemImage: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "input_image";
            /** @description Its address, or the image itself as a data URL. */
            image_url: string;
            /**
             * @description `low`, `high` or `auto`.
             * @example auto
             */
            detail: string;
        };
        /** @description One page. */
        ItemList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["Item"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description A message. */
        ItemMessage: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message";
            /**
             * @description Id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description `completed`, or `incomplete`: cut off.
             * @example completed
             */
            status: string;
            /**
             * @description `user`, `assistant` or `system`. What a client calls `developer` is `system` here.
             * @example user
             */
            role: string;
            /** @description What is said: `output_text` of the assistant, input parts of the others. */
            content: components["schemas"]["ItemPart"][];
        };
        /** @description What a tool returned: a text, or parts where there is more than that. */
        ItemOutput: string | components["schemas"]["ItemPart"][];
        /** @description A part of a message. */
        ItemPart: components["schemas"]["ItemText"] | components["schemas"]["OutputText"] | components["schemas"]["ItemImage"] | components["schemas"]["ItemFile"];
        /** @description A text that the model was given. */
        ItemText: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "input_text";
            /** @description The text. */
            text: string;
        };
        /** @description Body of `POST /api/keys`. */
        KeyCreate: {
            /**
             * @description What to call it, at most 128 characters: where it is used, for example.
             * @example backup script
             */
            name: string;
            /**
             * @description What it may be used for: `read` (conversations, messages, responses, models), `write` (make, change and delete them, send messages, stop answers), `account` (profile, password, sessions, keys, export, deletion), `admin` (the administration routes, for administrators). `read` and `write` if not given.
             * @example [
             *       "read",
             *       "write"
             *     ]
             */
            scopes?: ("read" | "write" | "account" | "admin")[];
            /**
             * Format: date-time
             * @description When it stops working; never if not given.
             */
            expires_at?: string | null;
            /**
             * @description The password: needed for a key with the scope `account` or `admin`, and for one that works
             *     longer than a session can.
             */
            current_password?: string | null;
        };
        /** @description A key that was just made. */
        KeyCreated: components["schemas"]["KeyOut"] & {
            /**
             * @description The key itself, for `Authorization: Bearer`. It is shown this once; only a hash is kept.
             * @example sk-hJ4kX2_q…
             */
            key: string;
        };
        /** @description One page. */
        KeyList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["KeyOut"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description An API key as its owner sees it. Its text is shown only when it is made. */
        KeyOut: {
            /**
             * @description Id.
             * @example key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description What its owner calls it. */
            name: string;
            /**
             * @description The first characters of the key, to tell it from others.
             * @example sk-hJ4kX2_q
             */
            prefix: string;
            /**
             * @description What it may be used for.
             * @example [
             *       "read",
             *       "write"
             *     ]
             */
            scopes: string[];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last used, give or take a minute; `null` if never.
             */
            last_used_at?: string | null;
            /**
             * Format: date-time
             * @description When it stops working, or stopped; `null` for never.
             */
            expires_at?: string | null;
            /** @description Whether this request was made with it. */
            current: boolean;
        };
        /** @description Body of `PATCH /api/keys/{id}`. */
        KeyPatch: {
            /**
             * @description The new name, at most 128 characters.
             * @example backup script
             */
            name: string;
        };
        /** @description Body of `POST /api/auth/login`. */
        LoginRequest: {
            /**
             * Format: email
             * @description E-mail address.
             * @example ada@example.org
             */
            email: string;
            /**
             * @description The password.
             * @example correct horse battery staple
             */
            password: string;
        };
        /** @description Body of `PATCH /api/me`: only the fields sent are changed. */
        MePatch: {
            /**
             * @description New display name, at most 128 characters; `null` removes it.
             * @example Ada
             */
            name?: string | null;
            /**
             * Format: email
             * @description New e-mail address; takes `current_password`.
             * @example ada@example.org
             */
            email?: string | null;
            /** @description The password as it is now; needed for a new e-mail address. */
            current_password?: string | null;
        };
        /** @description Body of `POST /api/conversations/{id}/messages`. */
        MessageCreate: {
            /**
             * @description What the person says; at most 524,288 bytes of UTF-8.
             * @example Why is the sky blue?
             */
            content: string;
            /** @description The model to ask; without one the conversation's, else the server's default. */
            model?: string | null;
            /**
             * @description The message to hang it below. Left out: the newest of the selected branch. `null`: none,
             *     it begins a branch of its own. To edit a message, send its `parent_id` as it is.
             */
            parent_id?: string | null;
            /** @description `true` answers with the response's events (`text/event-stream`), else with the whole turn. */
            stream?: boolean;
        };
        /** @description One page. */
        MessageList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["MessageOut"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description A message. */
        MessageOut: {
            /**
             * @description Id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description The conversation it belongs to. */
            conversation_id: string;
            /**
             * Format: int64
             * @description Its number in the conversation, from 0.
             */
            seq: number;
            /** @description The message above it. */
            parent_id?: string | null;
            /**
             * Format: int32
             * @description Its place among the messages with the same parent, from 0.
             */
            sibling_index: number;
            /**
             * Format: int32
             * @description How many messages have the same parent, this one included.
             */
            sibling_count: number;
            /** @description The one before it among them. To show its branch, make it the conversation's `head_id`. */
            previous_sibling_id?: string | null;
            /** @description The one after it. */
            next_sibling_id?: string | null;
            /** @description The response that wrote it; the newest, where several went on with it. */
            response_id?: string | null;
            /**
             * @description `message`, `reasoning`, `function_call` or `function_call_output`.
             * @example message
             */
            type: string;
            /**
             * @description Of a tool's result: the provider's id of the call that it belongs to. Its `content` is the
             *     output. Of a call that is an item of its own: its id.
             * @example call_1
             */
            call_id?: string | null;
            /**
             * @description Of a call that is an item of its own, since a client told it: the tool's name.
             * @example get_weather
             */
            name?: string | null;
            /**
             * @description Of such a call: its arguments, which should be JSON.
             * @example {"city":"Lisbon"}
             */
            arguments?: string | null;
            /**
             * @description `user`, `assistant` or `system`; none of a tool's result, nor of a call or reasoning that is
             *     an item of its own.
             * @example user
             */
            role?: string | null;
            /** @description Whether a person wrote it. */
            is_user: boolean;
            /**
             * @description `in_progress`, `completed` or `incomplete`.
             * @example completed
             */
            status: string;
            /** @description Its text; of an answer in progress the text so far. */
            content: string;
            /** @description All its parts in their order, where images or files are among them; else left out. */
            parts?: components["schemas"]["PartOut"][];
            /**
             * Format: int64
             * @description Of an answer in progress: the number of the last event that `content` covers. Follow the
             *     response after it.
             */
            covers_seq?: number | null;
            /** @description What the model reasoned before it answered; of an answer in progress so far. */
            reasoning?: string | null;
            /** @description The calls of tools that the model made while it answered, in order. */
            calls?: components["schemas"]["CallOut"][];
            /** @description The sources that the answer names, in their order. */
            annotations?: components["schemas"]["AnnotationOut"][];
            /** @description Files that belonged to it where it was imported from. Their bytes are not kept here. */
            attachments?: components["schemas"]["AttachmentOut"][];
            /** @description The model that wrote it. */
            model?: string | null;
            /**
             * Format: date-time
             * @description When it was stored.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it last changed.
             */
            updated_at: string;
        };
        /** @description Body of `POST /api/messages/{id}/regenerate`; it may be left out. */
        MessageRegenerate: {
            /** @description The model to ask; without one the conversation's, else the server's default. */
            model?: string | null;
            /** @description `true` answers with the response's events (`text/event-stream`), else with the whole turn. */
            stream?: boolean;
        };
        /** @description All models of all providers, in one page. */
        ModelList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The models: those of the default provider first, and its default model first of all. */
            data: components["schemas"]["ModelOut"][];
            /** @description Id of the first model. */
            first_id?: string | null;
            /** @description Id of the last model. */
            last_id?: string | null;
            /** @description Always `false`. */
            has_more: boolean;
            /** @description The providers, the default one first. */
            providers: components["schemas"]["ProviderOut"][];
        };
        /** @description A model. */
        ModelOut: {
            /**
             * @description What to write in `model`: the provider's own name for it, behind `PROVIDER/` if it is not
             *     one of the default provider.
             * @example gpt-4o-mini
             */
            id: string;
            /**
             * @description Always `model`.
             * @example model
             */
            object: string;
            /**
             * @description The provider that serves it; `demo` for the built-in demo model.
             * @example openai
             */
            provider: string;
            /** @description Whether it is used when nothing names a model. */
            default: boolean;
            /** @description Whether its provider can be asked at the moment, as far as is known. */
            available: boolean;
            /**
             * Format: int32
             * @description Its window: how many tokens of context and answer it takes.
             * @example 128000
             */
            context_tokens: number;
            /**
             * Format: int32
             * @description How many tokens of the window are kept free for the answer.
             * @example 4096
             */
            output_reserve_tokens: number;
            /** @description What it can do. */
            capabilities: components["schemas"]["Capabilities"];
        };
        /** @description A call of a tool. */
        OutputFunctionCall: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "function_call";
            /**
             * @description Id of the item.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description The provider's id of the call.
             * @example call_1
             */
            call_id: string;
            /**
             * @description The tool's name.
             * @example get_weather
             */
            name: string;
            /**
             * @description Its arguments, which should be JSON; empty as it begins.
             * @example {"city":"Lisbon"}
             */
            arguments: string;
            /**
             * @description `in_progress`, `completed`, or `incomplete`: cut off.
             * @example completed
             */
            status: string;
        };
        /** @description An item of a response's output. */
        OutputItem: components["schemas"]["OutputMessage"] | components["schemas"]["OutputReasoning"] | components["schemas"]["OutputFunctionCall"];
        /** @description An item of the output begins. */
        OutputItemAdded: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.output_item.added";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /** @description The item, empty. */
            item: components["schemas"]["OutputItem"];
        };
        /** @description An item of the output is closed. */
        OutputItemDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.output_item.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /** @description The item, whole or cut off. */
            item: components["schemas"]["OutputItem"];
        };
        /** @description The answer. */
        OutputMessage: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message";
            /**
             * @description Id of the stored message.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description `in_progress`, `completed`, or `incomplete`: cut off.
             * @example completed
             */
            status: string;
            /**
             * @description Always `assistant`.
             * @example assistant
             */
            role: string;
            /** @description Its text; empty as it begins. */
            content: components["schemas"]["OutputText"][];
        };
        /** @description What the model reasoned before it answered. */
        OutputReasoning: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning";
            /**
             * @description Id of the item.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description `in_progress`, `completed`, or `incomplete`: cut off.
             * @example completed
             */
            status: string;
            /** @description Its text; empty as it begins. */
            summary: components["schemas"]["SummaryText"][];
        };
        /** @description The text of an answer. */
        OutputText: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "output_text";
            /** @description The text. */
            text: string;
            /** @description The sources that it names, in their order. */
            annotations: components["schemas"]["AnnotationOut"][];
            /** @description Always empty: providers are not asked for them. */
            logprobs: unknown[];
        };
        /** @description A source of the text. */
        OutputTextAnnotationAdded: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.output_text.annotation.added";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: an answer has one part.
             */
            content_index: number;
            /** @description How many sources came before it. */
            annotation_index: number;
            /** @description The source. */
            annotation: components["schemas"]["AnnotationOut"];
        };
        /** @description More text of an answer. */
        OutputTextDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.output_text.delta";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: an answer has one part.
             */
            content_index: number;
            /** @description The text, to be appended. */
            delta: string;
            /** @description Always empty: providers are not asked for them. */
            logprobs: unknown[];
        };
        /** @description The text of an answer is whole. */
        OutputTextDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.output_text.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: an answer has one part.
             */
            content_index: number;
            /** @description The text: the deltas joined. */
            text: string;
            /** @description Always empty: providers are not asked for them. */
            logprobs: unknown[];
        };
        /** @description Details of the tokens written. */
        OutputTokensDetails: {
            /**
             * Format: int64
             * @description Spent on reasoning.
             */
            reasoning_tokens: number;
        };
        /** @description A file; it has data or an address. */
        PartFile: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "file";
            /** @description What it is called. */
            filename?: string | null;
            /** @description The file itself as a data URL. */
            data?: string | null;
            /** @description Its address, `http` or `https`. */
            url?: string | null;
        };
        /** @description An image. */
        PartImage: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "image";
            /**
             * @description Its address, `http` or `https`, or the image itself as a data URL.
             * @example https://example.org/sky.png
             */
            url: string;
            /** @description How closely the model looks at it: `low`, `high` or `auto`. */
            detail?: string | null;
        };
        /** @description A part of a message. */
        PartOut: components["schemas"]["PartText"] | components["schemas"]["PartImage"] | components["schemas"]["PartFile"];
        /** @description Text; all texts together are the message's `content`. */
        PartText: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text";
            /** @description The text. */
            text: string;
        };
        /** @description Body of `POST /api/me/password`. */
        PasswordChange: {
            /** @description The password as it is now. */
            current_password: string;
            /**
             * @description 8 characters at least, 1,024 bytes at most; any composition.
             * @example correct horse battery staple
             */
            new_password: string;
            /** @description Revokes the account's API keys as well, but for the one that the request is made with. */
            end_keys?: boolean;
        };
        /** @description Body of `POST /api/auth/reset`. */
        PasswordReset: {
            /**
             * @description The token of the link that an administrator has made.
             * @example reset_…
             */
            token: string;
            /**
             * @description 8 characters at least, 1,024 bytes at most; any composition.
             * @example correct horse battery staple
             */
            new_password: string;
        };
        /** @description Of the tokens read. */
        PromptDetails: {
            /**
             * Format: int64
             * @description Those served from a cache.
             */
            cached_tokens: number;
            /**
             * Format: int64
             * @description Always 0.
             */
            audio_tokens: number;
        };
        /** @description A provider of models. */
        ProviderOut: {
            /**
             * @description Its name.
             * @example openai
             */
            name: string;
            /** @description Whether model names without a provider are its names first. */
            default: boolean;
            /** @description Whether it can be asked at the moment, as far as is known. */
            available: boolean;
            /** @description Why it cannot be asked: a stable code such as `upstream_unavailable` or `upstream_auth`. */
            problem?: string | null;
        };
        /** @description More of the reasoning. */
        ReasoningDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.reasoning_summary_text.delta";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: reasoning has one part.
             */
            summary_index: number;
            /** @description The text, to be appended. */
            delta: string;
        };
        /** @description The text of reasoning is whole. */
        ReasoningDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.reasoning_summary_text.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: reasoning has one part.
             */
            summary_index: number;
            /** @description The text: the deltas joined. */
            text: string;
        };
        /** @description The text of reasoning begins. */
        ReasoningPartAdded: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.reasoning_summary_part.added";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: reasoning has one part.
             */
            summary_index: number;
            /** @description The part, empty. */
            part: components["schemas"]["SummaryText"];
        };
        /** @description The part of reasoning is closed. */
        ReasoningPartDone: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.reasoning_summary_part.done";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /**
             * @description The item's id.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            item_id: string;
            /**
             * Format: int32
             * @description The item's place in `output`.
             */
            output_index: number;
            /**
             * Format: int32
             * @description Always 0: reasoning has one part.
             */
            summary_index: number;
            /** @description The part, whole. */
            part: components["schemas"]["SummaryText"];
        };
        /** @description Body of `POST /api/auth/refresh`. */
        RefreshRequest: {
            /** @description The newest refresh token of the session; left out where it is in a cookie. */
            refresh_token?: string | null;
        };
        /** @description Body of `POST /api/admin/reset-links`. */
        ResetLinkByEmail: {
            /**
             * Format: email
             * @description The address of the account.
             * @example grace@example.org
             */
            email: string;
            /**
             * Format: date-time
             * @description When it stops working, within a year; in 24 hours, if not given.
             */
            expires_at?: string | null;
            /** @description The caller's password: needed where the account is an administrator's. */
            current_password?: string | null;
        };
        /** @description Body of `POST /api/admin/users/{id}/reset-link`. */
        ResetLinkCreate: {
            /**
             * Format: date-time
             * @description When it stops working, within a year; in 24 hours, if not given.
             */
            expires_at?: string | null;
            /** @description The caller's password: needed where the account is an administrator's. */
            current_password?: string | null;
        };
        /** @description A link to a new password that was just made. */
        ResetLinkCreated: {
            /**
             * @description What `POST /api/auth/reset` takes as `token`. It is shown this once; only a hash is kept.
             * @example reset_…
             */
            token: string;
            /**
             * @description The page that takes it, to be given to the owner of the account.
             * @example https://chat.example.org/reset#token=reset_…
             */
            link: string;
            /**
             * Format: date-time
             * @description When it stops working.
             */
            expires_at: string;
        };
        /** @description The answer is whole. The last event. */
        ResponseCompleted: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.completed";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description The response with its output. */
            response: components["schemas"]["ResponseResource"];
        };
        /** @description Body of `POST /api/responses/{id}/continue`; it may be left out. */
        ResponseContinue: {
            /** @description The model to ask; without one that of the response. */
            model?: string | null;
            /** @description `true` answers with the response's events (`text/event-stream`), else with the whole turn. */
            stream?: boolean;
        };
        /** @description Body of `POST /v1/responses`. Fields that are not here are left alone. */
        ResponseCreate: {
            /**
             * @description The model to ask; without one the conversation's, else the server's default.
             * @default null
             */
            model: string | null;
            /** @description What is said: a text, or a list of items. */
            input?: unknown;
            /**
             * @description System message of this response alone.
             * @default null
             */
            instructions: string | null;
            /**
             * @description The response to go on from; not beside `conversation`.
             * @default null
             */
            previous_response_id: string | null;
            /** @description The conversation to go on with: its id, or an object with it. */
            conversation?: unknown;
            /**
             * @description Functions that the model may ask the client to call.
             * @default null
             */
            tools: Record<string, never>[] | null;
            /** @description Which of them it may or must ask for: `auto`, `none`, `required`, or an object. */
            tool_choice?: unknown;
            /**
             * @description Whether it may ask for several at once.
             * @default null
             */
            parallel_tool_calls: boolean | null;
            /**
             * Format: int32
             * @description How many it may ask for.
             * @default null
             */
            max_tool_calls: number | null;
            /**
             * Format: int32
             * @description The longest answer, in tokens.
             * @default null
             */
            max_output_tokens: number | null;
            /**
             * Format: double
             * @description Sampling temperature, 0 to 2.
             * @default null
             */
            temperature: number | null;
            /**
             * Format: double
             * @description Nucleus sampling, 0 to 1.
             * @default null
             */
            top_p: number | null;
            /**
             * Format: double
             * @description Presence penalty, -2 to 2.
             * @default null
             */
            presence_penalty: number | null;
            /**
             * Format: double
             * @description Frequency penalty, -2 to 2.
             * @default null
             */
            frequency_penalty: number | null;
            /** @description The format of the answer's text. */
            text?: Record<string, never> | null;
            /** @description How much the model reasons. */
            reasoning?: Record<string, never> | null;
            /**
             * @description `auto`: messages that do not fit the window are left out; `disabled`: the response fails
             *     instead.
             * @default null
             */
            truncation: string | null;
            /**
             * @description Whether the events are wanted.
             * @default null
             */
            stream: boolean | null;
            /**
             * @description Whether to return at once.
             * @default null
             */
            background: boolean | null;
            /**
             * @description Whether it is kept; `true` by default.
             * @default null
             */
            store: boolean | null;
            /**
             * @description The client's own pairs.
             * @default null
             */
            metadata: {
                [key: string]: string;
            } | null;
            /**
             * @description The client's own word for its user.
             * @default null
             */
            safety_identifier: string | null;
            /**
             * @description The client's own key for the provider's cache.
             * @default null
             */
            prompt_cache_key: string | null;
        };
        /** @description The response exists. Always the first event. */
        ResponseCreated: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.created";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description The response as it begins. */
            response: components["schemas"]["ResponseResource"];
        };
        /** @description What `DELETE /v1/responses/{id}` answers. */
        ResponseDeleted: {
            /** @description Id of the response. */
            id: string;
            /**
             * @description Always `response`.
             * @example response
             */
            object: string;
            /** @description Always `true`. */
            deleted: boolean;
        };
        /** @description Why a response failed. */
        ResponseError: {
            /**
             * @description Stable code.
             * @example upstream_timeout
             */
            code: string;
            /** @description What happened, in words. */
            message: string;
        };
        /** @description An event of a response: the `data` of a server-sent event, whose `event` is `type` and whose `id` is `sequence_number`. Behind the last one comes `data: [DONE]`. */
        ResponseEvent: components["schemas"]["ResponseCreated"] | components["schemas"]["ResponseInProgress"] | components["schemas"]["OutputItemAdded"] | components["schemas"]["ContentPartAdded"] | components["schemas"]["OutputTextDelta"] | components["schemas"]["OutputTextAnnotationAdded"] | components["schemas"]["OutputTextDone"] | components["schemas"]["ContentPartDone"] | components["schemas"]["ReasoningPartAdded"] | components["schemas"]["ReasoningDelta"] | components["schemas"]["ReasoningDone"] | components["schemas"]["ReasoningPartDone"] | components["schemas"]["FunctionCallArgumentsDelta"] | components["schemas"]["FunctionCallArgumentsDone"] | components["schemas"]["OutputItemDone"] | components["schemas"]["ErrorEvent"] | components["schemas"]["ResponseCompleted"] | components["schemas"]["ResponseIncomplete"] | components["schemas"]["ResponseFailed"];
        /** @description The answer failed; the text so far is kept. The last event. */
        ResponseFailed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.failed";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description The response with its output. */
            response: components["schemas"]["ResponseResource"];
        };
        /** @description The model is being asked, or nothing comes for a while (`response.waiting`). */
        ResponseInProgress: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.in_progress";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description The response as it begins, and why it waits. */
            response: components["schemas"]["ResponseResource"];
        };
        /** @description The answer ended early or was stopped; the text so far is kept. The last event. */
        ResponseIncomplete: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "response.incomplete";
            /**
             * Format: int64
             * @description The number of the event.
             */
            sequence_number: number;
            /** @description The response with its output. */
            response: components["schemas"]["ResponseResource"];
        };
        /**
         * @description One generation of an answer.
         *
         *     Field names, zero values and integer times are those of Open Responses; `provider`,
         *     `conversation`, `user_message_id`, `message_id`, `finish_reason`, `waiting`, `context` and
         *     `last_seq` are additions.
         */
        ResponseResource: {
            /**
             * @description Id.
             * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description Always `response`.
             * @example response
             */
            object: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /**
             * Format: int64
             * @description Unix seconds; `null` until completed.
             */
            completed_at?: number | null;
            /**
             * @description `queued`, `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`.
             * @example completed
             */
            status: string;
            incomplete_details?: components["schemas"]["IncompleteDetails"] | null;
            error?: components["schemas"]["ResponseError"] | null;
            /** @description The model asked, as `GET /api/models` names it. */
            model: string;
            /** @description The provider asked. */
            provider: string;
            /** @description The response it goes on with, in the same message. */
            previous_response_id?: string | null;
            /** @description System message of this response. */
            instructions?: string | null;
            /** @description Output items: reasoning, calls of tools and messages. */
            output: components["schemas"]["OutputItem"][];
            /** @description Tools offered to the model. */
            tools: unknown[];
            /** @description Which tool may or must be used: `auto`, `none`, `required`, or an object. */
            tool_choice: string;
            /**
             * @description `auto`: messages that do not fit the window are left out, see `context`; `disabled`: the
             *     response fails instead.
             */
            truncation: string;
            /** @description Whether tools may be called side by side. */
            parallel_tool_calls: boolean;
            /** @description Format of the text. */
            text: Record<string, never>;
            /**
             * Format: double
             * @description Nucleus sampling.
             */
            top_p: number;
            /**
             * Format: double
             * @description Sampling temperature.
             */
            temperature: number;
            /**
             * Format: double
             * @description Presence penalty.
             */
            presence_penalty: number;
            /**
             * Format: double
             * @description Frequency penalty.
             */
            frequency_penalty: number;
            /**
             * Format: int32
             * @description Number of alternatives reported per token.
             */
            top_logprobs: number;
            /** @description Reasoning settings. */
            reasoning?: Record<string, never> | null;
            usage?: components["schemas"]["Usage"] | null;
            /**
             * Format: int32
             * @description The most tokens the model may write.
             */
            max_output_tokens?: number | null;
            /**
             * Format: int32
             * @description The most tool calls.
             */
            max_tool_calls?: number | null;
            /** @description Whether it is kept. */
            store: boolean;
            /** @description Whether it was made without a follower. */
            background: boolean;
            /** @description Always `default`. */
            service_tier: string;
            /** @description The client's own pairs. */
            metadata: Record<string, never>;
            /** @description The client's own user id. */
            safety_identifier?: string | null;
            /** @description The client's own cache key. */
            prompt_cache_key?: string | null;
            conversation?: components["schemas"]["ConversationRef"] | null;
            /** @description The stored message it answers. */
            user_message_id: string;
            /** @description The stored message it writes. */
            message_id: string;
            /**
             * @description The provider's own word for how the answer ended, such as `stop`, `length` or `tool_calls`;
             *     `null` until then and where it gave none.
             * @example stop
             */
            finish_reason?: string | null;
            waiting?: components["schemas"]["Waiting"] | null;
            context?: components["schemas"]["ContextReport"] | null;
            /**
             * Format: int64
             * @description Number of its newest stored event, -1 before the first; not part of events.
             */
            last_seq?: number | null;
        };
        /**
         * @description What a result is.
         * @enum {string}
         */
        SearchKind: "title" | "message";
        /** @description A page of what was found, the best first: titles, then messages. */
        SearchPage: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description What was found. */
            data: components["schemas"]["SearchResult"][];
            /**
             * @description Whether there may be more. A page may hold fewer results than asked for, even none, and be
             *     followed by another.
             */
            has_more: boolean;
            /** @description Where the next page begins, for `cursor`. */
            next_cursor?: string | null;
            /**
             * @description Whether messages from before an update of the server are still being made searchable, so
             *     that some may be missing.
             */
            indexing: boolean;
        };
        /** @description A title or a message that was found. */
        SearchResult: {
            /** @description What was found. */
            type: components["schemas"]["SearchKind"];
            /**
             * @description The conversation.
             * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            conversation_id: string;
            /** @description Its title. */
            conversation_title: string;
            /**
             * @description The message; `null` for a title. `PATCH /api/conversations/{id}` with this as `head_id`
             *     selects the branch it is on.
             */
            message_id?: string | null;
            /**
             * @description Who said it; `null` for a title.
             * @example assistant
             */
            role?: string | null;
            /**
             * @description The part of the text around the best match, as plain text: white space is made narrow, and
             *     `…` stands where something is left out. Of a title the whole.
             * @example …because blue light is scattered more than red.
             */
            snippet: string;
            /** @description What was looked for in the snippet, in order, without overlaps. */
            highlights: components["schemas"]["Highlight"][];
            /**
             * Format: date-time
             * @description When the message was stored; of a title when the conversation was made.
             */
            created_at: string;
        };
        /** @description One page. */
        SessionList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["SessionOut"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /** @description A login of the account. */
        SessionOut: {
            /**
             * @description Id.
             * @example sess_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description The client's `User-Agent`. */
            user_agent: string;
            /** @description The client's address. */
            address: string;
            /**
             * Format: date-time
             * @description When the login happened.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When its tokens were last refreshed.
             */
            last_used_at: string;
            /**
             * Format: date-time
             * @description When it ends at the latest.
             */
            expires_at: string;
            /** @description Whether this request was made with it. */
            current: boolean;
        };
        /** @description Body of `POST /api/auth/signup`. */
        SignupRequest: {
            /**
             * Format: email
             * @description E-mail address: ASCII before the `@`; trimmed and lower-cased before use.
             * @example ada@example.org
             */
            email: string;
            /**
             * @description 8 characters at least, 1,024 bytes at most; any composition.
             * @example correct horse battery staple
             */
            password: string;
            /** @description Display name, at most 128 characters. */
            name?: string;
            /**
             * @description The set-up code that the server prints at every start while it has no administrator: makes
             *     this account the administrator's.
             */
            setup_token?: string | null;
            /** @description The token of an invitation, for those who could not sign up otherwise. */
            invitation?: string | null;
        };
        /** @description Who can make an account here. */
        SignupState: {
            /** @description Whether the caller can without any code. */
            open: boolean;
            /** @description Whether the holder of an invitation can. */
            invitations: boolean;
            /** @description How the administrator's account is made. */
            administrator: components["schemas"]["AdministratorSetup"];
            /** @description Whether there is an account; without one nobody can log in. */
            accounts: boolean;
        };
        /** @description What went wrong with an answer. */
        StreamError: {
            /** @enum {string} */
            type: "server_error";
            /**
             * @description Stable code, as of a failed response.
             * @example upstream_timeout
             */
            code: string;
            /** @description What happened, in words. */
            message: string;
            /** @description Always `null`. */
            param?: string | null;
        };
        /** @description An event of the test stream. */
        StreamTick: {
            /**
             * Format: int32
             * @description Its number, from 1.
             */
            n: number;
            /**
             * Format: int64
             * @description How many milliseconds have passed since the first.
             */
            after_ms: number;
        };
        /** @description The text of reasoning. */
        SummaryText: {
            /** @enum {string} */
            type: "summary_text";
            /** @description The text. */
            text: string;
        };
        /** @description Tokens of a session (field names of RFC 6749, section 5.1). */
        TokenResponse: {
            /** @description JWT for the `Authorization: Bearer` header. */
            access_token: string;
            /**
             * @description Always `Bearer`.
             * @example Bearer
             */
            token_type: string;
            /**
             * Format: int64
             * @description Seconds until the access token expires.
             */
            expires_in: number;
            /**
             * @description Exchanged once, at `POST /api/auth/refresh`, for the next pair. Absent where it went into a
             *     cookie.
             */
            refresh_token?: string | null;
            /** @description Whose tokens they are. */
            user: components["schemas"]["UserOut"];
        };
        /** @description A message and its answer. */
        TurnOut: {
            /** @description What the person said. */
            user_message: components["schemas"]["MessageOut"];
            /** @description The answer, as far as it is. */
            message: components["schemas"]["MessageOut"];
            /** @description How the answer was made. */
            response: components["schemas"]["ResponseResource"];
        };
        /** @description The answer was stopped; the stream ends. */
        UiAbort: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "abort";
            /** @description Why. */
            reason: string;
        };
        /** @description A chunk of a UI message stream. */
        UiChunk: components["schemas"]["UiStart"] | components["schemas"]["UiStartStep"] | components["schemas"]["UiFinishStep"] | components["schemas"]["UiTextStart"] | components["schemas"]["UiTextDelta"] | components["schemas"]["UiTextEnd"] | components["schemas"]["UiReasoningStart"] | components["schemas"]["UiReasoningDelta"] | components["schemas"]["UiReasoningEnd"] | components["schemas"]["UiToolInputStart"] | components["schemas"]["UiToolInputDelta"] | components["schemas"]["UiToolInputAvailable"] | components["schemas"]["UiToolInputError"] | components["schemas"]["UiToolOutputAvailable"] | components["schemas"]["UiSourceUrl"] | components["schemas"]["UiError"] | components["schemas"]["UiAbort"] | components["schemas"]["UiFinish"];
        /** @description Something went wrong; the stream ends. */
        UiError: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "error";
            /** @description What, in words fit for the user. */
            errorText: string;
        };
        /** @description The answer is over. Always the last chunk; `[DONE]` follows. */
        UiFinish: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "finish";
            /**
             * @description `stop`, `length`, `content-filter`, `tool-calls`, `error` or `other`.
             * @example stop
             */
            finishReason: string;
            /** @description How it ended and what it cost; clients merge it into that of `start`. */
            messageMetadata: components["schemas"]["UiMetadata"];
        };
        /** @description The step is over. */
        UiFinishStep: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "finish-step";
        };
        /** @description A UI message. */
        UiMessage: {
            /**
             * @description Id of the stored message; of an answer in several steps, that of the first.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description Who speaks: `user`, `assistant` or `system`.
             * @example assistant
             */
            role: string;
            /** @description What is known beside the parts. */
            metadata: components["schemas"]["UiMetadata"];
            /** @description What it says. */
            parts: components["schemas"]["UiPart"][];
        };
        /** @description A UI message as a client sends it. */
        UiMessageIn: {
            /** @description Its id. The same message sent again is stored once. */
            id?: string | null;
            /**
             * @description `user`, `assistant` or `system`.
             * @example user
             */
            role: string;
            /** @description What it says. */
            parts?: components["schemas"]["UiPart"][];
        };
        /**
         * @description What is known of a UI message beside its parts. A stream has the first four with `start` and the
         *     others with `finish`.
         */
        UiMetadata: {
            /**
             * @description The conversation.
             * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            conversation_id?: string | null;
            /**
             * @description The response that wrote it; the newest, where several did.
             * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            response_id?: string | null;
            /** @description The model asked. */
            model?: string | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at?: string | null;
            /**
             * @description Whether it is whole: `completed` or `incomplete`; in a stream also `cancelled` or `failed`.
             * @example completed
             */
            status?: string | null;
            /**
             * @description Why it ended early.
             * @example max_output_tokens
             */
            incomplete_reason?: string | null;
            usage?: components["schemas"]["Usage"] | null;
        };
        /**
         * @description A part of a UI message. `type` says which of the other fields there are:
         *
         *     - `text` and `reasoning`: `text`, `state`
         *     - `file`: `mediaType`, `url`, `filename`
         *     - `source-url`: `sourceId`, `url`, `title`
         *     - `tool-NAME`: `toolCallId`, `state`, `input`, and `output` or `errorText`
         *     - `step-start`: none
         *
         *     What this server does not know, such as `data-NAME`, is left alone.
         */
        UiPart: {
            /**
             * @description What it is.
             * @example text
             */
            type: string;
            /** @description The text. */
            text?: string | null;
            /**
             * @description Of a text `done`; of a call `input-available`, `output-available` or `output-error`.
             * @example done
             */
            state?: string | null;
            /** @description Media type of a file. */
            mediaType?: string | null;
            /** @description Address of a file or a source; of a file also a data URL. */
            url?: string | null;
            /** @description What a file is called. */
            filename?: string | null;
            /** @description Id of a source within the message. */
            sourceId?: string | null;
            /** @description Title of a source. */
            title?: string | null;
            /** @description The provider's id of a call. */
            toolCallId?: string | null;
            /** @description Of a `dynamic-tool`, which clients may send: the tool's name. */
            toolName?: string | null;
            /** @description The arguments of a call. */
            input?: unknown;
            /** @description The arguments of a call as text, where they are no JSON. */
            rawInput?: unknown;
            /** @description What a tool returned. */
            output?: unknown;
            /** @description Why there is no output. */
            errorText?: string | null;
        };
        /** @description More of reasoning. */
        UiReasoningDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning-delta";
            /** @description Id of the reasoning. */
            id: string;
            /** @description What is to be appended. */
            delta: string;
        };
        /** @description Reasoning is whole. */
        UiReasoningEnd: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning-end";
            /** @description Id of the reasoning. */
            id: string;
        };
        /** @description Reasoning begins. */
        UiReasoningStart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reasoning-start";
            /** @description Id of the reasoning, by which its deltas and its end name it. */
            id: string;
        };
        /** @description A source of the answer. */
        UiSourceUrl: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "source-url";
            /** @description Its id within the message. */
            sourceId: string;
            /** @description Its address, `http` or `https`. */
            url: string;
            /** @description Its title. */
            title: string;
        };
        /** @description The answer begins. Always the first chunk. */
        UiStart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "start";
            /**
             * @description Id of the stored message; of an answer that goes on behind a tool's result, that of the
             *     message whose call it was.
             * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            messageId: string;
            /** @description Which answer this is, and of which conversation. */
            messageMetadata: components["schemas"]["UiMetadata"];
        };
        /** @description A step begins: one answer of the model. */
        UiStartStep: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "start-step";
        };
        /** @description More of a text. */
        UiTextDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text-delta";
            /** @description Id of the text. */
            id: string;
            /** @description What is to be appended. */
            delta: string;
        };
        /** @description A text is whole. */
        UiTextEnd: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text-end";
            /** @description Id of the text. */
            id: string;
        };
        /** @description A text begins. */
        UiTextStart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text-start";
            /** @description Id of the text, by which its deltas and its end name it. */
            id: string;
        };
        /** @description The arguments of a call are whole. */
        UiToolInputAvailable: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool-input-available";
            /** @description The provider's id of the call. */
            toolCallId: string;
            /** @description The tool's name. */
            toolName: string;
            /** @description The arguments. */
            input: unknown;
        };
        /** @description More of the arguments of a call. */
        UiToolInputDelta: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool-input-delta";
            /** @description The provider's id of the call. */
            toolCallId: string;
            /** @description A piece of JSON, to be appended. */
            inputTextDelta: string;
        };
        /** @description The arguments of a call are no JSON, or were cut off. */
        UiToolInputError: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool-input-error";
            /** @description The provider's id of the call. */
            toolCallId: string;
            /** @description The tool's name. */
            toolName: string;
            /** @description What there is of the arguments, as text. */
            input: unknown;
            /** @description What is wrong with them. */
            errorText: string;
        };
        /** @description A call of a tool begins. */
        UiToolInputStart: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool-input-start";
            /** @description The provider's id of the call. */
            toolCallId: string;
            /** @description The tool's name. */
            toolName: string;
        };
        /** @description What a tool returned, in a replay. */
        UiToolOutputAvailable: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool-output-available";
            /** @description The provider's id of the call. */
            toolCallId: string;
            /** @description What it returned. */
            output: unknown;
        };
        /** @description Tokens read and written. */
        Usage: {
            /**
             * Format: int64
             * @description Tokens read.
             */
            input_tokens: number;
            /** @description Of them, from a cache. */
            input_tokens_details: components["schemas"]["InputTokensDetails"];
            /**
             * Format: int64
             * @description Tokens written.
             */
            output_tokens: number;
            /** @description Of them, for reasoning. */
            output_tokens_details: components["schemas"]["OutputTokensDetails"];
            /**
             * Format: int64
             * @description The sum.
             */
            total_tokens: number;
            /** @description Whether the numbers are our estimate, because the provider gave none. */
            estimated: boolean;
        };
        /** @description An account as its owner sees it. */
        UserOut: {
            /**
             * @description Id.
             * @example user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /** @description Canonical e-mail address. */
            email: string;
            /** @description Display name; may be empty. */
            name: string;
            /**
             * @description `user` or `admin`.
             * @example user
             */
            role: string;
            /**
             * Format: date-time
             * @description When the account was made.
             */
            created_at: string;
        };
        /** @description A conversation. */
        V1Conversation: {
            /**
             * @description Id.
             * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
             */
            id: string;
            /**
             * @description Always `conversation`.
             * @example conversation
             */
            object: string;
            /**
             * Format: int64
             * @description When it was made, in whole seconds since 1970.
             */
            created_at: number;
            /** @description The client's own pairs. */
            metadata: {
                [key: string]: string;
            };
            /** @description Ours: the title; empty until the first message. */
            title: string;
            /**
             * @description Ours: who wrote the title: `none`, `first_line`, `model` or `user`.
             * @example first_line
             */
            title_source: string;
            /** @description Ours: the model used when a request names none; `null` for the server's default. */
            model?: string | null;
            /** @description Ours: system message put before the conversation's messages. */
            instructions?: string | null;
            /** @description Ours: whether it is kept on top. */
            pinned: boolean;
            /** @description Ours: whether it was put aside. */
            archived: boolean;
            /** @description Ours: the response running in it, if one is. */
            active_response_id?: string | null;
            /** @description Ours: the newest message of the selected branch, whose items are listed. */
            head_id?: string | null;
            /**
             * Format: int64
             * @description Ours: when a message was last sent or answered in it, in whole seconds since 1970.
             */
            updated_at: number;
        };
        /** @description Body of `POST /v1/conversations`; it may be left out. Fields that are not here are left alone. */
        V1ConversationCreate: {
            /** @description What it begins with: at most 20 input items. */
            items?: unknown[] | null;
            /** @description The client's own pairs: at most 16, keys of at most 64 and values of at most 512 characters. */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * @description Ours: the title; without one it becomes the first line of the first message of the user.
             * @example Plans for Sunday
             */
            title?: string | null;
            /** @description Ours: the model used when a request names none. */
            model?: string | null;
            /** @description Ours: system message put before the conversation's messages. */
            instructions?: string | null;
        };
        /** @description What `DELETE` of a conversation returns. */
        V1ConversationDeleted: {
            /** @description Id of what was deleted. */
            id: string;
            /**
             * @description Always `conversation.deleted`.
             * @example conversation.deleted
             */
            object: string;
            /** @description Always `true`. */
            deleted: boolean;
        };
        /** @description One page. */
        V1ConversationList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The items of this page. */
            data: components["schemas"]["V1Conversation"][];
            /** @description Id of the first item of this page. */
            first_id?: string | null;
            /** @description Id of the last item of this page. */
            last_id?: string | null;
            /** @description Whether another page follows in the direction asked. */
            has_more: boolean;
            /** @description Where the next page begins, for `after`. Lists whose items may move between two pages have it; in others the id of the last item does the same. */
            next_cursor?: string;
        };
        /**
         * @description Body of `POST /v1/conversations/{id}`: only the fields sent are changed. Fields that are not
         *     here are left alone.
         */
        V1ConversationUpdate: {
            /** @description New pairs in place of all old ones; `null` removes them. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description Ours: the new title; `null` gives it back to the server. */
            title?: string | null;
            /** @description Ours: the new default model; `null` for the server's default. */
            model?: string | null;
            /** @description Ours: new instructions; `null` removes them. */
            instructions?: string | null;
            /** @description Ours: selects the branch of this message. */
            head_id?: string;
            /** @description Ours: whether to keep it on top. */
            pinned?: boolean;
            /** @description Ours: whether to put it aside. */
            archived?: boolean;
        };
        /** @description Body of `POST /v1/conversations/{id}/items`. Fields that are not here are left alone. */
        V1ItemsCreate: {
            /** @description What is added: 1 to 20 input items. */
            items: unknown[];
        };
        /** @description A model, in the form of `OpenAI`. */
        V1Model: {
            /**
             * @description What to write in `model`.
             * @example gpt-4o-mini
             */
            id: string;
            /**
             * @description Always `model`.
             * @example model
             */
            object: string;
            /**
             * Format: int64
             * @description Always 0: providers tell no common time.
             */
            created: number;
            /**
             * @description The provider that serves it.
             * @example openai
             */
            owned_by: string;
        };
        /** @description All models, in the form of `OpenAI`. */
        V1ModelList: {
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
            /** @description The models, the default one first. */
            data: components["schemas"]["V1Model"][];
        };
        /** @description Which build answers. */
        VersionOut: {
            /**
             * @description Always `chatapp`.
             * @example chatapp
             */
            name: string;
            /**
             * @description Version of the package.
             * @example 0.1.0
             */
            version: string;
            /** @description Commit it was built from; `null` where the build did not know it. */
            commit?: string | null;
        };
        /** @description Why nothing comes of a running response. */
        Waiting: {
            /**
             * @description `retrying`: the request failed and is sent again; `asked_to_wait`: the same, after a pause that
             *     the provider asked for; `thinking`: a model that reasons has said nothing for ten seconds;
             *     `silent`: another model has not.
             * @example asked_to_wait
             */
            reason: string;
            /**
             * Format: int64
             * @description When it will be over, in Unix seconds; `null` when nobody knows.
             */
            until?: number | null;
        };
    };
    responses: {
        /** @description `unknown_parameter` or `invalid_query`; `error.param` names the field, if it is one */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `insufficient_scope` */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `internal_error`: the request id leads to the reason in the server's log */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `not_found`: it does not exist, or it belongs to another user */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `request_timeout`: the body did not arrive in time */
        RequestTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `storage_full` or `storage_read_only`: nothing was saved */
        StorageFull: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `request_too_large`: the message names the limit */
        TooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `rate_limit_exceeded`: the message says which limit; with `Retry-After` */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `missing_token`, `invalid_token`, `token_expired` or `invalid_api_key`; with `WWW-Authenticate` */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `unavailable` or `overloaded`; with `Retry-After` */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
        /** @description `unsupported_media_type`: the body is declared as something that is not taken here */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_invitations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description `administrator_required` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    create_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationCreate"];
            };
        };
        responses: {
            /** @description The invitation */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationCreated"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `administrator_required`, `insufficient_scope`, `password_required`, `wrong_password`, or `signup_closed`: nobody could use it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `email_taken`, or `invitation_limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    revoke_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the invitation
                 * @example inv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is taken back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description `administrator_required` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    create_reset_link_by_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetLinkByEmail"];
            };
        };
        responses: {
            /** @description The link */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetLinkCreated"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `administrator_required`, `insufficient_scope`, `password_required` or `wrong_password` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: no account has this address */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    create_reset_link: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the user
                 * @example user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetLinkCreate"];
            };
        };
        responses: {
            /** @description The link */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetLinkCreated"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `administrator_required`, `insufficient_scope`, `password_required` or `wrong_password` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `cookie`: the refresh token goes into an `HttpOnly` cookie instead of the body. Only for this server's own pages
                 * @example cookie
                 */
                "x-chatapp-session"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description The new session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `invalid_credentials` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `foreign_page` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords for this account or from this address; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `cookie`: the cookie is removed, too. Only for this server's own pages
                 * @example cookie
                 */
                "x-chatapp-session"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope`, `foreign_page`, or `session_required` for an API key */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `cookie`: the refresh token is taken from the cookie, and the next one goes there. Only for this server's own pages
                 * @example cookie
                 */
                "x-chatapp-session"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description The next pair of tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            /** @description `missing_required_parameter`: neither the cookie nor `refresh_token` was sent; also `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `invalid_token` or `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `foreign_page` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description The account has the new password */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `reset_token_invalid` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong tokens from this address; `Retry-After` says when the next is looked at */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    get_signup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who can make an account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignupState"];
                };
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    signup: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `cookie`: the refresh token goes into an `HttpOnly` cookie instead of the body. Only for this server's own pages
                 * @example cookie
                 */
                "x-chatapp-session"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignupRequest"];
            };
        };
        responses: {
            /** @description The account and its first session */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `signup_closed`, `invitation_required`, `invitation_invalid`, `setup_token_invalid` or `foreign_page` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `email_taken` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many sign-ups or wrong codes from this address; `Retry-After` says when the next is looked at */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    send_chat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same response, one call of the model */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatCreate"];
            };
        };
        responses: {
            /** @description The answer as a UI message stream, version 1 */
            200: {
                headers: {
                    /** @description `v1` */
                    "x-vercel-ai-ui-message-stream"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["UiChunk"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete`, `model_not_found` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: there is no such conversation, or it is in the trash */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `conversation_locked`: an answer is being generated; `error.response_id` names it */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    get_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the chat, as its client named it, or of a conversation
                 * @example kX9fPq2LmZ7wRt4B
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The chat */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    stop_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the chat, as its client named it, or of a conversation
                 * @example kX9fPq2LmZ7wRt4B
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was stopped */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatStopped"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    resume_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the chat, as its client named it, or of a conversation
                 * @example kX9fPq2LmZ7wRt4B
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer as a UI message stream, version 1 */
            200: {
                headers: {
                    /** @description `v1` */
                    "x-vercel-ai-ui-message-stream"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["UiChunk"];
                };
            };
            /** @description There is nothing to resume: no answer is being made, or the chat has not begun */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `rate_limit_exceeded`: too many streams are open */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_conversations: {
        parameters: {
            query?: {
                /** @description How many to return. */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, which continues exactly there whatever has moved since;
                 *     or the id of a conversation, which continues behind where that one is now.
                 */
                after?: string;
                /**
                 * @description `true` lists archived conversations, `false` the others. Without it: the others, and in the
                 *     trash both.
                 */
                archived?: boolean;
                /** @description `true` lists pinned conversations only, `false` only the others. */
                pinned?: boolean;
                /** @description `true` lists what is in the trash, the last deleted first. */
                deleted?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of conversations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationList"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_conversation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConversationCreate"];
            };
        };
        responses: {
            /** @description The conversation */
            201: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    /** @description Path of the conversation */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationOut"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete` or `model_not_found`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: what the first request with this key made was deleted */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    archive_conversations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkArchive"];
            };
        };
        responses: {
            /** @description How many were changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkArchived"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    delete_conversations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkDelete"];
            };
        };
        responses: {
            /** @description How many were deleted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkDeleted"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    get_conversation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An `ETag` the client has: answered with 304 while that is current
                 * @example "7"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationOut"];
                };
            };
            /** @description The client's version is current */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    delete_conversation: {
        parameters: {
            query?: {
                /** @description `true` removes it for good, from the trash too. */
                permanent?: boolean;
            };
            header?: {
                /**
                 * @description The `ETag` of what is to be deleted: refused when it is not current any more
                 * @example "7"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `etag_mismatch`: it has changed meanwhile; nothing was done */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    update_conversation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` the change was made from: refused when it is not current any more
                 * @example "7"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConversationPatch"];
            };
        };
        responses: {
            /** @description The conversation as it is now */
            200: {
                headers: {
                    /** @description Its new version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationOut"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete` or `model_not_found`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            /** @description `etag_mismatch`: it has changed meanwhile; nothing was done */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    export_conversation: {
        parameters: {
            query?: {
                /**
                 * @description `jsonl` can be imported again; `markdown` is for people.
                 * @example markdown
                 */
                format?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/markdown": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /** @description How many to return. */
                limit?: number;
                /** @description Id of the first message of the previous page: the page before it. */
                before?: string;
                /** @description Id of the last message of the previous page: the page after it. Only with `all=true`. */
                after?: string;
                /** @description `true` lists every message by its number, not only those of the selected branch. */
                all?: boolean;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageList"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same response, one call of the model */
                "idempotency-key"?: string;
                /**
                 * @description `respond-async`: do not wait (RFC 7240)
                 * @example respond-async
                 */
                prefer?: string;
            };
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageCreate"];
            };
        };
        responses: {
            /** @description With `stream`: the events of the response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description The whole turn; the response's status tells how it ended */
            201: {
                headers: {
                    /** @description Path of the answer */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description Stored; the answer is being generated */
            202: {
                headers: {
                    /** @description Path of the response */
                    location?: string;
                    /** @description `respond-async` */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete`, `model_not_found` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            /** @description `conversation_locked`: an answer is being generated; `error.response_id` names it */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    restore_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    export_all: {
        parameters: {
            query?: {
                /**
                 * @description `jsonl` can be imported again; `markdown` is for people.
                 * @example markdown
                 */
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/markdown": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    import_conversations: {
        parameters: {
            query?: {
                /** @description Read everything and say what would happen, but store nothing. */
                dry_run?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
                "application/x-ndjson": string;
                "application/zip": string;
            };
        };
        responses: {
            /** @description What became of each conversation, a line each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["ImportLine"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    list_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCreate"];
            };
        };
        responses: {
            /** @description The key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyCreated"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `password_required`, `wrong_password` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `key_limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key
                 * @example key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key works no more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    update_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key
                 * @example key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyPatch"];
            };
        };
        responses: {
            /** @description The key as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyOut"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account of the access token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    delete_me: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `cookie`: the cookie is removed, too. Only for this server's own pages
                 * @example cookie
                 */
                "x-chatapp-session"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountDelete"];
            };
        };
        responses: {
            /** @description The account is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `wrong_password`, `insufficient_scope` or `foreign_page` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `last_administrator` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    update_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MePatch"];
            };
        };
        responses: {
            /** @description The account as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserOut"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `wrong_password` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            /** @description `email_taken` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    export_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description `password_required` with a session, or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    export_me_confirmed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DataExport"];
            };
        };
        responses: {
            /** @description The archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `wrong_password` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description The password is the new one */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query` or `request_incomplete`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `wrong_password` or `insufficient_scope` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    create_first_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same conversation and response, one call of the model */
                "idempotency-key"?: string;
                /**
                 * @description `respond-async`: do not wait (RFC 7240)
                 * @example respond-async
                 */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FirstMessageCreate"];
            };
        };
        responses: {
            /** @description With `stream`: the events of the response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description The whole turn; the response's status tells how it ended */
            201: {
                headers: {
                    /** @description Path of the answer */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description Stored; the answer is being generated */
            202: {
                headers: {
                    /** @description Path of the response */
                    location?: string;
                    /** @description `respond-async` */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete`, `model_not_found` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: what the first request with this key made was deleted */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    get_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the message
                 * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the message
                 * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    regenerate_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same response, one call of the model */
                "idempotency-key"?: string;
                /**
                 * @description `respond-async`: do not wait (RFC 7240)
                 * @example respond-async
                 */
                prefer?: string;
            };
            path: {
                /**
                 * @description Id of the answer, or of the message to answer
                 * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        /** @description May be left out */
        requestBody?: {
            content: {
                "application/json": components["schemas"]["MessageRegenerate"] | null;
            };
        };
        responses: {
            /** @description With `stream`: the events of the response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description The whole turn; the response's status tells how it ended */
            201: {
                headers: {
                    /** @description Path of the answer */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description Stored; the answer is being generated */
            202: {
                headers: {
                    /** @description Path of the response */
                    location?: string;
                    /** @description `respond-async` */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete`, `model_not_found` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            /** @description `conversation_locked`: an answer is being generated; `error.response_id` names it */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models that can be asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_response: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The response as far as it is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseResource"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    cancel_response: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The response as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseResource"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    get_response_context: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was sent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContextOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    continue_response: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same response, one call of the model */
                "idempotency-key"?: string;
                /**
                 * @description `respond-async`: do not wait (RFC 7240)
                 * @example respond-async
                 */
                prefer?: string;
            };
            path: {
                /**
                 * @description Id of the response that wrote the answer last
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        /** @description May be left out */
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResponseContinue"] | null;
            };
        };
        responses: {
            /** @description With `stream`: the events of the new response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description The whole turn; the new response's status tells how it ended */
            201: {
                headers: {
                    /** @description Path of the answer */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description Stored; the answer is being gone on with */
            202: {
                headers: {
                    /** @description Path of the new response */
                    location?: string;
                    /** @description `respond-async` */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TurnOut"];
                };
            };
            /** @description `invalid_json`, `unknown_parameter`, `invalid_value`, `invalid_query`, `request_incomplete`, `model_not_found` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            /** @description `cannot_continue`: it is whole, has no text, or another response (`error.response_id`) went on with it; `conversation_locked`: an answer is being generated, `error.response_id` names it */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    stream_response_events: {
        parameters: {
            query?: {
                /** @description Number of the last event the client has; the stream begins behind it. */
                after?: number;
            };
            header?: {
                /** @description The same as `after`; sent by `EventSource` when it reconnects */
                "last-event-id"?: number;
            };
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `rate_limit_exceeded`: too many streams are open */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /**
                 * @description What to look for: at most 256 characters and 16 words, all of which a text must have, in
                 *     any order. Nothing in it has a meaning of its own.
                 * @example blue sky
                 */
                q: string;
                /** @description How many to return. */
                limit?: number;
                /** @description `next_cursor` of the previous page of the same search. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of what was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchPage"];
                };
            };
            /** @description `unknown_parameter`, `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revoke_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the session
                 * @example sess_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    get_version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
            400: components["responses"]["BadRequest"];
            /** @description `overloaded`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page that shows this document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description `overloaded`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_style: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A style sheet */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                };
            };
            /** @description `overloaded`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Healthy"];
                };
            };
        };
    };
    health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It should */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Healthy"];
                };
            };
            /** @description `not_ready`: it should not; `reasons` beside `error` lists why (`database`, `storage`, `draining`) */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    health_stream: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamTick"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description `unknown_url`: not for this caller */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `overloaded`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description This document (OpenAPI 3.1) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description `overloaded`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    v1_create_chat_completion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatCompletionCreate"];
            };
        };
        responses: {
            /** @description The answer; with `stream` its chunks as server-sent events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatCompletion"];
                };
            };
            /** @description `invalid_json`, `missing_required_parameter`, `invalid_value`, `request_incomplete` or `context_length_exceeded`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `model_not_found`: no model has this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `upstream_failed` and others: the model provider failed */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `upstream_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    v1_list_conversations: {
        parameters: {
            query?: {
                /** @description How many to return. */
                limit?: number;
                /**
                 * @description `last_id` of the previous page, which continues behind where that conversation is now; or
                 *     its `next_cursor`, which continues exactly there whatever has moved since.
                 */
                after?: string;
                /** @description `desc` lists the newest activity first, `asc` the oldest. */
                order?: string;
                /** @description `true` lists archived conversations, `false` the others. */
                archived?: boolean;
                /** @description `true` lists pinned conversations only, `false` only the others. */
                pinned?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of conversations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1ConversationList"];
                };
            };
            /** @description `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    v1_create_conversation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description May be left out */
        requestBody?: {
            content: {
                "application/json": components["schemas"]["V1ConversationCreate"] | null;
            };
        };
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Conversation"];
                };
            };
            /** @description `unsupported_parameter`: an item or a part of a type that this server does not have; or `missing_required_parameter`: an item without a field that its type needs; `error.param` names it; also `invalid_json`, `invalid_value` or `request_incomplete` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: what the first request with this key made was deleted; also `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_get_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Conversation"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    v1_update_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["V1ConversationUpdate"];
            };
        };
        responses: {
            /** @description The conversation as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Conversation"];
                };
            };
            /** @description `missing_required_parameter`: no field was sent that could be changed; or `invalid_value`: `error.param` names the field; also `invalid_json` or `request_incomplete` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `model_not_found` or `not_found`: it does not exist, or it belongs to another user */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_delete_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1ConversationDeleted"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_list_items: {
        parameters: {
            query?: {
                /** @description How many to return. */
                limit?: number;
                /** @description Id of the item behind which the page begins: `last_id` of the previous page. */
                after?: string;
                /** @description `desc` lists the newest item first, `asc` the oldest. */
                order?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of items */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemList"];
                };
            };
            /** @description `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    v1_create_items: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["V1ItemsCreate"];
            };
        };
        responses: {
            /** @description The items as they are stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemList"];
                };
            };
            /** @description `conversation_locked`: an answer is being generated, `error.response_id` names it; or `unsupported_parameter`: an item or a part of a type that this server does not have; also `invalid_json`, `missing_required_parameter`, `invalid_value` or `request_incomplete` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_get_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
                /**
                 * @description Id of the item
                 * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Item"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    v1_delete_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the conversation
                 * @example conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
                /**
                 * @description Id of the item
                 * @example msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation without it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Conversation"];
                };
            };
            /** @description `conversation_locked`: an answer is being generated; `error.response_id` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models that can be asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1ModelList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    v1_get_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the model
                 * @example gpt-4o-mini
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Model"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description `model_not_found`: no model has this name; also `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    v1_create_response: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours: the same response, one call of the model */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResponseCreate"];
            };
        };
        responses: {
            /** @description The response when it has ended; with `background` at once; with `stream` its events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseResource"];
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description `missing_required_parameter`; `conversation_locked`: another answer is being generated in the conversation; `previous_response_not_found`, `mutually_exclusive_parameters` or `unsupported_parameter`; also `invalid_json`, `invalid_value`, `request_incomplete` or `context_length_exceeded` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            /** @description `insufficient_scope` or `storage_quota_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `not_found`: the conversation, or what the first request with this key made, is not there; also `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description `idempotency_key_reused` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    v1_count_input_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResponseCreate"];
            };
        };
        responses: {
            /** @description The count */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InputTokens"];
                };
            };
            /** @description `missing_required_parameter`, `unsupported_parameter`, `previous_response_not_found` or `mutually_exclusive_parameters`; also `invalid_json`, `invalid_value` or `request_incomplete` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description `not_found`: the conversation is not there; also `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    v1_get_response: {
        parameters: {
            query?: {
                /** @description `true` follows the response: its events, from the first one on or behind `starting_after`. */
                stream?: boolean;
                /** @description With `stream`: number of the last event the client has. */
                starting_after?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The response as far as it is; with `stream` its events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseResource"];
                    "text/event-stream": components["schemas"]["ResponseEvent"];
                };
            };
            /** @description `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `rate_limit_exceeded`: too many streams are open */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    v1_delete_response: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseDeleted"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            507: components["responses"]["StorageFull"];
        };
    };
    v1_cancel_response: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The response as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseResource"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            507: components["responses"]["StorageFull"];
        };
    };
    v1_list_input_items: {
        parameters: {
            query?: {
                /** @description How many to return. */
                limit?: number;
                /** @description Id of the last item of the page before. */
                after?: string;
                /** @description `desc`: newest first; `asc`: oldest first. */
                order?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Id of the response
                 * @example resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of items */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemList"];
                };
            };
            /** @description `invalid_value` or `invalid_query`; `error.param` names the field, if it is one */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            /** @description `unavailable`, `overloaded` or `shutting_down`; with `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
}
