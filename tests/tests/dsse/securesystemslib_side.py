"""The other side of the interoperation with securesystemslib: verifies a pgseal seal, or signs as a reviewer elsewhere would.

    verify DOCUMENT SEAL THRESHOLD PUBLIC_KEY…    prints how many distinct keys signed, by statement; exit 1 when too few
    sign PAYLOAD_TYPE DOCUMENT PRIVATE_KEY OUT     writes the raw signature

It knows nothing of pgseal but the members of a seal and the payload types of its two statements.
"""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey
from base64 import b64decode


def public(path):
    with open(path, "rb") as file:
        return SSlibKey.from_crypto(load_pem_public_key(file.read()))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verify(document, seal, threshold, *paths):
    seal = json.loads(read(seal))
    signed = seal["payloadType"]
    types = {"signed": signed, "reproduced": signed.replace("plan+json", "plan.reproduced+json")}
    keys = [public(path) for path in paths]
    accepted = set()
    for statement, payload_type in types.items():
        entries = [entry for entry in seal["signatures"] if entry["statement"] == statement]
        # the library matches signatures and keys by its own ids, so every signature is tried with every key
        for entry in entries:
            raw = b64decode(entry["sig"]).hex()
            for key in keys:
                envelope = Envelope(read(document), payload_type, {key.keyid: Signature(key.keyid, raw)})
                try:
                    envelope.verify([key], 1)
                except VerificationError:
                    continue
                accepted.add((statement, key.keyid))
    distinct = len({keyid for _, keyid in accepted})
    print(json.dumps({s: len([1 for a, _ in accepted if a == s]) for s in types}))
    return 0 if distinct >= int(threshold) else 1


def sign(payload_type, document, private_key, out):
    signer = CryptoSigner(load_pem_private_key(read(private_key), None))
    signature = Envelope(read(document), payload_type, {}).sign(signer)
    with open(out, "wb") as file:
        file.write(bytes.fromhex(signature.signature))
    return 0


sys.exit({"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:]))
