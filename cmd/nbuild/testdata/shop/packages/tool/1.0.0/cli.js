#!/usr/bin/env node
console.log('tool 1.0.0')
