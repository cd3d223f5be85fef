"""Runs scim2-tester, a SCIM client written by others, against a directory, and reports each check.

    check.py URL TOKEN

Exits with 0 when every check went as expected. The few that cannot pass, because Atlassian differs from the standard,
are listed in EXPECTED; such a check that passes is as wrong as another one that fails.
"""

import json
import sys
from collections import Counter

from httpx2 import BaseTransport, Client, HTTPTransport, Request, Response
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

# (check, resource type, attribute or "") -> why it fails. Each reason is a row under "SCIM" in docs/twin.md.
EXPECTED = {
    ("search_with_attributes", "User", ""): "no-search",
    ("search_with_attributes", "Group", ""): "no-search",
    ("check_remove_attribute", "User", "active"): "active-stays",
    ("check_add_attribute", "Group", "members"): "member-display",
    ("check_replace_attribute", "Group", "members"): "member-display",
}

# Answers have an extension that no schema announces, and whose name the client's grammar of paths cannot read.
# It is taken out of answers before the client, which is strict, sees them; if it is never there, that is wrong too.
UNANNOUNCED = "urn:scim:schemas:extension:atlassian-external:1.0"

BAD = {Status.ERROR, Status.CRITICAL, Status.DEVIATION}


class WithoutExtension(BaseTransport):
    """Takes the one unannounced extension out of answers, and counts how often it was there."""

    def __init__(self) -> None:
        self.inner = HTTPTransport()
        self.seen = 0

    def handle_request(self, request: Request) -> Response:
        answer = self.inner.handle_request(request)
        body = answer.read()
        if UNANNOUNCED.encode() in body:
            whole = json.loads(body)
            for resource in [whole, *whole.get("Resources", [])]:
                self.seen += resource.pop(UNANNOUNCED, None) is not None
                if UNANNOUNCED in resource.get("schemas", []):
                    resource["schemas"].remove(UNANNOUNCED)
            body = json.dumps(whole).encode()
        headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-length"}
        return Response(answer.status_code, headers=headers, content=body)


def main() -> int:
    url, token = sys.argv[1:3]
    transport = WithoutExtension()
    http = Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, transport=transport)
    results = check_server(SyncSCIMClient(http))

    outcomes: dict[tuple[str, str, str], list] = {}
    for result in results:
        attribute = result.data.get("urn", "") if isinstance(result.data, dict) else ""
        outcomes.setdefault((result.title or "", result.resource_type or "", attribute), []).append(result)

    wrong = 0
    for (title, kind, attribute), group in sorted(outcomes.items()):
        failed = [result for result in group if result.status in BAD]
        counts = Counter(result.status.name for result in group)
        reason = EXPECTED.get((title, kind, attribute))
        verdict = "ok"
        if failed and reason is None:
            verdict = "FAILED"
        elif failed:
            verdict = f"differs, docs/twin.md: {reason}"
        elif reason is not None:
            verdict = "FAILED: it passed, and was expected not to"
        wrong += verdict.startswith("FAILED")
        shown = ", ".join(f"{count} {name.lower()}" for name, count in counts.items())
        print(" ".join(filter(None, [title, kind, attribute])) + f" ({shown}): {verdict}")
        if verdict.startswith("FAILED"):
            for result in failed:
                print(f"    {result.status.name}: {result.reason}")
    for missing in EXPECTED.keys() - outcomes.keys():
        print(f"{missing}: FAILED: it was expected to differ, and did not run")
        wrong += 1
    if transport.seen == 0:
        print("FAILED: no user had the extension with its account id")
        wrong += 1
    print(f"{len(results)} results of {len(outcomes)} checks, {wrong} wrong")
    # A run that stops after the discovery documents has judged nothing.
    return 1 if wrong or len(outcomes) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
