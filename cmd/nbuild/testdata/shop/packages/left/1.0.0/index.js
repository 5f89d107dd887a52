module.exports = 'left 1.0.0'
