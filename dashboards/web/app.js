document.getElementById("view").textContent = "Easel";
