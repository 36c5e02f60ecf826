{
  "format": "pgseal-seal",
  "version": 1,
  "payloadType": "application/vnd.pgseal.receipt+json",
  "signatures": [
    {
      "keyid": "2c2eafd69de9532062d16fc2c5e2b12ce0da2f5f440827509d4ea55293d41750",
      "statement": "signed",
      "sig": "3Lyde09nay6KYa4r6k9YvmKjTbdAmO0a2UmTRz+QBHevTBK518CsuUKg3uwneaa90BQc1CfhowxCOmFEf9s0DA=="
    }
  ]
}
