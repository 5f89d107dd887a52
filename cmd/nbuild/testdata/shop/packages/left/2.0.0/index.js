module.exports = 'left 2.0.0'
