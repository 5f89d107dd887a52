#!/usr/bin/env node
console.log('tool 2.0.0')
