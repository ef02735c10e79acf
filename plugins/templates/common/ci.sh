#!/bin/sh
# 持续集成与本机用同一个脚本: 语言自己的测试, 然后构建、跑用例、打包。
# The same script for CI and for you: the language's own tests, then build, cases and pack.
# 需要 / needs: dukou, 以及语言自己的工具 / and the language's own tools (README.md).
set -eu
cd "$(dirname "$0")"

if [ -f Cargo.toml ]; then
    rustup target add wasm32-unknown-unknown
    cargo test
elif [ -f package.json ]; then
    npm install
    npm test
elif [ -f pyproject.toml ]; then
    python3 -m venv .venv
    .venv/bin/pip install -r requirements.txt
    .venv/bin/python -m unittest
fi

mkdir -p build
dukou plugin test --junit build/cases.xml
dukou plugin pack
