#!/usr/bin/env bash
# The client of Amazon Personalize was taken to refuse a time that is no date, and to send others as given. It reads text
# in whatever way fits first: eight digits are seconds of 1970, a year is 2023 seconds, a time of day is today's, and in one
# column of days before months 04/05 is April and 13/05 is May. What is finer than a second boto3 1.43.11 cuts off, so that
# events of one second lose their order; 1.44.8 sends it. Milliseconds as a number are refused, with a message that speaks
# of the type. Give datetimes with a zone, and name the version.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check boto3==1.44.8 botocore==1.44.8
venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target earlier boto3==1.43.11 botocore==1.43.11

cat > times.py <<'PY'
import datetime
import io
import json

import boto3
import botocore.awsrequest

client = boto3.client(
    "personalize-events", region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none"
)
bodies = []


def keep(request, **_):
    """Take the body that would be sent, and answer in place of the service."""
    bodies.append(json.loads(request.body))
    raw = io.BytesIO(b"")
    raw.stream = lambda *_: [b"{}"]
    return botocore.awsrequest.AWSResponse(request.url, 200, {}, raw)


client.meta.events.register("before-send.personalize-events.PutEvents", keep)


def sent(time):
    event = {"eventType": "click", "sentAt": time}
    try:
        client.put_events(trackingId="t", sessionId="s", userId="ann", eventList=[event])
    except Exception as error:
        return type(error).__name__
    return bodies[-1]["eventList"][0]["sentAt"]


def seconds(*moment):
    return int(datetime.datetime(*moment, tzinfo=datetime.timezone.utc).timestamp())


print("boto3", boto3.__version__)
moment = datetime.datetime(2023, 11, 14, 22, 13, 20, 999000, tzinfo=datetime.timezone.utc)
whole = {"1.43.11": 1700000000, "1.44.8": 1700000000.999}[boto3.__version__]
expected = {
    moment: whole,
    "2023-11-14T22:13:20.999Z": whole,
    1700000000.999: whole,
    1700000000999: "ParamValidationError",
    "1700000000999": "RuntimeError",
    "20231114": 20231114,
    "2023": 2023,
    "04/05/2023": seconds(2023, 4, 5),
    "13/05/2023": seconds(2023, 5, 13),
}
found = {time: sent(time) for time in expected}
for time, number in found.items():
    print(f"{time!r}: {number}")
today = sent("22:13")
print(f"'22:13': {today}")
assert found == expected, "this has changed"
assert today % 86400 == (22 * 60 + 13) * 60 and today > seconds(2026, 1, 1), "this has changed"
PY
TZ=UTC venv/bin/python times.py
TZ=UTC PYTHONPATH=earlier venv/bin/python times.py
