{
  "format": "pgseal-seal",
  "version": 1,
  "payloadType": "application/vnd.pgseal.plan+json",
  "signatures": [
    {
      "keyid": "4e5d9d0779c3a08134bba6374957b0bc4ec90da2d06f9fdfef4ec39ccf2bcb80",
      "statement": "signed",
      "sig": "zUUHm5fSCYoTxlkhj7mElWIRMWqaJyjIwui4NpbkehvGr06vDuzWjpuYNhhXGw/NhxhlurBMXfTabqGx5nY9Cg=="
    }
  ]
}
