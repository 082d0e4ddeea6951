extension Configuration {
    /// A configuration file with every setting and what it is for: what `easel config example` prints.
    package static let example = """
        # Easel's configuration. Only `providers` is needed; every other value here is the default, or commented out.
        # ${NAME} and ${NAME:-default} come from the environment, $$ is a dollar sign, and a secret may also be
        # { file: PATH }. Durations: 500ms 30s 5m 1h 7d. Sizes: 512KiB 10MiB. Check a file with `easel config check`.

        listen: 127.0.0.1:8080             # [::1]:8080 for IPv6, :8080 for every IPv4 address of this machine
        data_dir: .easel                   # embedded PostgreSQL, journal, artifacts, admin key
        database:
          # url: postgresql://easel@db.internal/easel    # without it: embedded PostgreSQL in data_dir
          start_timeout: 60s               # how long a start waits for a database that is not there yet
        # admin_key: ${EASEL_ADMIN_KEY}    # esl_ and 20 characters or more; without it: created once, in data_dir/admin-key
        shutdown_grace: 60s                # how long calls in flight may continue after SIGTERM
        shutdown_delay: 0s                 # before that: still serving, with /readyz 503, so that balancers notice
        # public_url: https://easel.example.com          # what links in answers begin with
        trusted_proxies: []                # whose Forwarded and X-Forwarded-* set it instead, e.g. [10.0.0.0/8]

        providers:                         # several of one kind are allowed, such as two accounts
          runware:
            kind: runware
            base_url: https://api.runware.ai/v1
            api_key: ${RUNWARE_API_KEY}
            delivery: async                # async (recoverable after a crash) | sync
            max_in_flight: 32
            timeout: 120s                  # one attempt, from connect to last byte
            connect_timeout: 5s
          ideogram:
            kind: ideogram
            base_url: https://api.ideogram.ai
            api_key: ${IDEOGRAM_API_KEY}   # or: { file: /run/secrets/ideogram }
            delivery: sync                 # sync | async
            max_in_flight: 10
            timeout: 120s
            # first_byte_timeout: 60s      # from the request sent to the first byte of the answer
            connect_timeout: 5s

        routing:                           # without it: a policy `failover` with the providers as listed above
          default: failover
          policies:                        # each has one of order, weights, prefer and when; docs/routing.md has more
            failover: { order: [runware, ideogram] }
            cheapest: { prefer: cost, floor: { success: 90% } }        # cost | latency | success | in_flight
            fastest:  { prefer: latency, explore: 2% }
            split:    { weights: { runware: 80, ideogram: 20 } }
            sticky:   { weights: { runware: 1, ideogram: 1 }, sticky: team }   # team | key | image | tag:NAME
            careful:  { order: [runware, ideogram], canary: { provider: ideogram, share: 5% } }
            quick:    { prefer: latency, hedge: { after: p95, budget: 5% } }   # may pay twice, within the budgets
            compare:  { order: [runware], shadow: { provider: ideogram, sample: 1%, budget: "$5/day" } }
            brand-safe:
              order: [ideogram, runware]
              require: [copyright_detection]       # parameters that a candidate must honour
              on_refusal: stop                     # stop | next: after a refusal on content grounds
              on_unchecked: refuse                 # refuse | proceed: a safety check that cannot be made
              on_unknown: recover                  # recover | recover_then_next: the latter may pay twice
              attempts: 3                          # how often providers may be asked for one call
              max_cost_usd: "0.20"
              deadline: 90s
            by-case:                               # the first case that matches
              when:
                - { match: { model: ideogram-4.0, count: "> 4" }, order: [runware] }
                - { match: { budget_left_percent: "< 20" }, use: cheapest }
                - { match: { time: "22:00-06:00", timezone: Europe/Berlin }, use: cheapest }
              otherwise: failover

        fetch:                             # what the gateway itself downloads: source images by URL, result links
          max_bytes: 10MiB
          timeout: 20s
          allow_networks: []               # private ranges it may reach anyway, e.g. [127.0.0.0/8]

        images:                            # images on their way to providers
          metadata: strip                  # strip: only their appearance | keep: also place, device, comments

        limits:                            # what a client may send
          request_bytes: 64MiB
          header_bytes: 32KiB
          image_bytes: 10MiB
          held_bytes: 512MiB               # bodies and images of all requests under way; beyond it 503, for one team 429
          cost_multiple: 100               # a provider's figure beyond this multiple of its price is not accepted
          connections: 8192                # open at a time; near the limit idle ones that never sent a key go first
          # connections_per_address: 4096  # of one address, without a key; default: half of connections
          request_timeout: 60s
          reports: 4                       # reports that run at once
          reports_per_team: 2              # of one team

        logging:
          prompts: full                    # full | hash | none: what the call log keeps of prompts
          level: info                      # debug | info | warning | error

        artifacts:                         # result images, copied before the providers' links expire
          store: local                     # local | none
          retention: 7d

        # retention:                       # how long rows are kept; without it forever
        #   log: 400d                      # calls, attempts, images; dropped by whole months
        #   prompts: 30d                   # prompts, parameters and plans
        #   rollups: 1100d                 # sums by hour, day and month

        # alerts:                          # docs/alerts.md; without it nothing is watched
        #   destinations:
        #     ops:  { kind: webhook, url: https://hooks.internal/easel, secret: "${ALERT_SECRET}" }   # signed
        #     chat: { kind: slack, url: "${SLACK_WEBHOOK}" }
        #     mail: { kind: email, to: [team@example.com], from: easel@example.com, smtp: smtp://127.0.0.1:25 }
        #   standard_rules: true           # one rule of each kind, where `rules` has none of that kind
        #   rules:
        #     - { name: budgets, on: budget, at: [80, 100], to: ops }
        #     - { name: nsfw, on: nsfw_rate, above: 5%, window: 1h, to: [ops, chat] }
        #   reports:
        #     - { name: last-week, every: weekly, at: "08:00", timezone: Europe/Berlin, report: usage, to: mail }

        recovery:                          # attempts whose outcome is not known
          unknown_after: 24h               # posted at their upper bound after this time
          interval: 30s                    # how often the log is searched for them

        metrics:
          public: true                     # false: /metrics requires an admin key

        """
}
